/**
 * The number of the fewest decimal digits that is read back as this 32-bit float: 0.3 for what a
 * 64-bit float would print as 0.30000001192092896.
 */
export function shortestFloat32(value: number): number {
  // Six digits have what fewer would tell, but for the smallest numbers, which have fewer bits.
  for (let digits = Math.abs(value) < 2 ** -126 ? 1 : 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  // Nine digits tell all 32-bit floats apart.
  return Number(value.toPrecision(9));
}
