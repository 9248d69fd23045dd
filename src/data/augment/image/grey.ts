/**
 * The grey level of a pixel, in PIL's fixed-point arithmetic (0.299, 0.587, 0.114, rounded). The
 * published code rounds the same weights in float32 and may differ by one.
 */
export function greyLevel(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}
