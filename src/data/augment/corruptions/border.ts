/** Maps a pixel `at`, perhaps outside, to its position in a line of `size` pixels. */
export type Border = (at: number, size: number) => number;

/** The edge's pixel goes on outside. */
export const repeatEdge: Border = (at, size) => Math.min(size - 1, Math.max(0, at));

/** Mirrored at the middle of the edge's pixel: c b | a b c | b a (OpenCV's reflect 101). */
export const mirrorInside: Border = (at, size) => {
  if (size === 1) return 0;
  const period = 2 * size - 2;
  const place = ((at % period) + period) % period;
  return place < size ? place : period - place;
};

/** Mirrored at the outer side of the edge's pixel: b a | a b c | c b (SciPy's reflect). */
export const mirrorEdge: Border = (at, size) => {
  const period = 2 * size;
  const place = ((at % period) + period) % period;
  return place < size ? place : period - 1 - place;
};
