/**
 * A level between `from` (factor 0) and `to` (1), or beyond. PIL's Image.blend and the published
 * code agree: float32, clipped, cut to a whole number. `factor` must be a float32 (Math.fround).
 */
export function blendLevel(from: number, to: number, factor: number): number {
  const level = Math.fround(from + Math.fround(factor * (to - from)));
  return level <= 0 ? 0 : level >= 255 ? 255 : Math.trunc(level);
}
