/** A comparison of a written network with the file that it was written from. */
export interface Comparison {
  /** Images that were noise, and images from files. */
  readonly noise: number;
  readonly real: number;
  /** Largest difference of an output, and the largest output of the file. */
  readonly difference: number;
  readonly largest: number;
  /** The layer whose result was compared, if the outputs are all 0 or end in a new classifier. */
  readonly layer?: string;
  /** The first layer that differs, if the outputs do. */
  readonly first?: FirstDifference;
}

/** The first layer whose result is not that of the file. */
export interface FirstDifference {
  readonly layer: string;
  /** Nodes of the file that it stands for. */
  readonly nodes: readonly string[];
  /** Largest difference, and the largest number of the file, in what the layer makes. */
  readonly difference: number;
  readonly largest: number;
}

/** `its outputs equal`, or what of a layer's result is said in their place. */
export function comparedValues({ layer }: Pick<Comparison, 'layer'>): string {
  return layer === undefined ? 'its outputs equal' : `what ${layer} makes equals`;
}

/** `2 images of noise and 3 images from files` */
export function comparedImages({ noise, real }: Pick<Comparison, 'noise' | 'real'>): string {
  const counted = (images: number): string => (images === 1 ? '1 image' : `${images} images`);
  return `${counted(noise)} of noise${real > 0 ? ` and ${counted(real)} from files` : ''}`;
}
