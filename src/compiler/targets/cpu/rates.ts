/*
 * Speeds of processors by which lowerings are estimated where nothing was measured. `npm run rates` measures
 * those of the machine that it runs on, and writes them here.
 */

/** Speeds of a kind of processor, with two cores. */
export interface Rates {
  /** Microseconds of one pass over a megabyte that reads or writes. */
  readonly pass: number;
  /** Products a microsecond of a blocked convolution. */
  readonly products: number;
  /** The same of the portable gradient of a dense kernel, a product of matrices with few columns. */
  readonly skinnyProducts: number;
  /** The same of one product of matrices over shifted rows. */
  readonly shiftedProducts: number;
}

/** Rates by the channels of a block. */
const measured: Readonly<Record<8 | 16, Rates>> = {
  // AVX2: AMD EPYC without AVX-512
  8: { pass: 40, products: 100_000, skinnyProducts: 10_000, shiftedProducts: 70_000 },
  // AVX-512: those of AVX2, until they are measured on a quiet machine
  16: { pass: 40, products: 100_000, skinnyProducts: 10_000, shiftedProducts: 70_000 },
};

/** Rates of processors whose blocked layout has such blocks. */
export function ratesOf(block: number): Rates {
  return measured[block === 16 ? 16 : 8];
}
