import type { Option } from '../../support/options.js';
import { scratchImage, type ImageNoise, type NoiseDefinition } from './defineNoise.js';
import * as noises from './noises.js';

/** The key of an input noise. */
export type NoiseName = keyof typeof noises;

/** Input noise: what each noise of it is given; plain data, which crosses threads. */
export type InputNoise = {
  readonly [K in NoiseName]?: Parameters<(typeof noises)[K]['make']>[0] | undefined;
};

/** An input noise as those see it that treat all alike. */
type AnyNoise = NoiseDefinition<Option, unknown>;

const table: Readonly<Record<NoiseName, AnyNoise>> = noises;

/** Every input noise by its key, in their order for whole images. */
export const inputNoises: readonly (readonly [NoiseName, AnyNoise])[] = Object.entries(table)
  .map(([key, noise]) => [key as NoiseName, noise] as const)
  .sort(([, { turn: one }], [, { turn: other }]) => one.whole - other.whole);

/**
 * The noise of small images in the published order: RandAugment, Cutout, crop of the padded image,
 * flip. There 32 px images have a Cutout of 16, a pad of 4, and a flip unless they show digits.
 */
export function smallImageNoise(noise: InputNoise): ImageNoise {
  return inTurn(partsOf(noise, 'whole'));
}

/** The noise of large images, after a random resized crop: flip, RandAugment, Cutout. */
export function largeImageNoise(noise: InputNoise): ImageNoise {
  return inTurn(partsOf(noise, 'cropped'));
}

/** The noise that stays if an ablation takes it away: the least augmentation, which is crops and flips. */
export function leastNoise<T extends InputNoise>(noise: T): T {
  const gone = inputNoises.filter(([, { ablated }]) => ablated).map(([key]) => [key, undefined]);
  return { ...noise, ...(Object.fromEntries(gone) as Partial<Record<NoiseName, undefined>>) };
}

function partsOf(noise: InputNoise, kind: 'whole' | 'cropped'): ImageNoise[] {
  return inputNoises
    .flatMap(([key, { turn, make }]) => {
      const [value, place] = [noise[key], turn[kind]];
      return value === undefined || value === false || place === undefined
        ? []
        : [{ place, part: make(value) }];
    })
    .sort((one, other) => one.place - other.place)
    .map(({ part }) => part);
}

/** One noise after another, between two images so that the last writes to `out`. */
function inTurn(parts: readonly ImageNoise[]): ImageNoise {
  const scratch = scratchImage();
  return (image, random, out) => {
    const between = parts.length > 1 ? scratch(image) : out;
    let from = image;
    for (const [i, part] of parts.entries()) {
      const to = (parts.length - 1 - i) % 2 === 0 ? out : between;
      part(from, random, to);
      from = to;
    }
    if (parts.length === 0) out.data.set(image.data);
  };
}
