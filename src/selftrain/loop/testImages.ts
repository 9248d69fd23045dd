/** Record of the test images that each network gets right: the basis of paired comparisons. */
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeFileAtomic } from '../../runtime/storage/atomic.js';
import {
  pairedDifference,
  unpairedDifference,
  type Interval,
} from '../../support/statistics/interval.js';
import type { TestResult } from './testNetwork.js';

/** One network's right and wrong answers, by image of the test set. */
export interface TestImages {
  /** True if an image was right; undefined if it could not be read. */
  readonly rightAt: (image: number) => boolean | undefined;
  readonly count: number;
}

/** Identity of the images that the answers are about; answers on other images are not compared. */
export interface TestImagesKey {
  /** Fingerprint of the test set. */
  readonly test: string;
  /** SHA-256 of the network's checkpoint. */
  readonly weights: string;
}

const schema = z.object({
  format: z.literal('gradus-test-images'),
  version: z.literal(1),
  test: z.string(),
  weights: z.string(),
  images: z.int().min(0),
  /** A bit an image, the lowest first, in base64: right or not, and read or not. */
  right: z.base64(),
  read: z.base64(),
});

/** Notes the answers of a network while it is tested: two bits an image. */
export class TestImagesWriter {
  readonly #right: Uint8Array;
  readonly #read: Uint8Array;

  constructor(private readonly images: number) {
    this.#right = new Uint8Array(Math.ceil(images / 8));
    this.#read = new Uint8Array(Math.ceil(images / 8));
  }

  add(image: number, right: boolean): void {
    setBit(this.#read, image);
    if (right) setBit(this.#right, image);
  }

  write(path: string, { test, weights }: TestImagesKey): void {
    const record: z.output<typeof schema> = {
      ...{ format: 'gradus-test-images', version: 1, test, weights, images: this.images },
      right: Buffer.from(this.#right).toString('base64'),
      read: Buffer.from(this.#read).toString('base64'),
    };
    writeFileAtomic(path, `${JSON.stringify(record)}\n`);
  }
}

/** The answers in a file; undefined if it is missing, damaged, or of other weights or another test set. */
export function readTestImages(path: string, key: TestImagesKey): TestImages | undefined {
  if (!existsSync(path)) return undefined;
  const record = schema.safeParse(parsed(readFileSync(path, 'utf8'))).data;
  if (record?.test !== key.test || record.weights !== key.weights) return undefined;
  const [right, read] = [record.right, record.read].map((own) => Buffer.from(own, 'base64'));
  const bytes = Math.ceil(record.images / 8);
  if (right?.length !== bytes || read?.length !== bytes) return undefined;
  return {
    count: record.images,
    rightAt: (image) => (hasBit(read, image) ? hasBit(right, image) : undefined),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function setBit(bits: Uint8Array, at: number): void {
  bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
}

function hasBit(bits: Uint8Array, at: number): boolean {
  return (((bits[at >> 3] ?? 0) >> (at & 7)) & 1) === 1;
}

/** A network on the test set, with its answers if they are known. */
export interface TestedNetwork {
  readonly test: Pick<TestResult, 'accuracy' | 'images'>;
  readonly answers?: TestImages | undefined;
}

/** Difference in test accuracy between two networks. */
export interface AccuracyDifference {
  /** Difference of the accuracies, first - second. */
  readonly difference: number;
  readonly interval: Interval;
  /**
   * True if the interval compares the same images, one by one; older runs did not keep their
   * answers.
   */
  readonly paired: boolean;
  /** Images that were compared. */
  readonly n: number;
}

/** Compares two networks on the test set, image by image if the answers of both are known. */
export function compareNetworks(first: TestedNetwork, second: TestedNetwork): AccuracyDifference {
  const [a, b] = [first.answers, second.answers];
  if (a && b && a.count === b.count) {
    let [n, onlyFirst, onlySecond] = [0, 0, 0];
    for (let image = 0; image < a.count; image++) {
      const [one, other] = [a.rightAt(image), b.rightAt(image)];
      if (one === undefined || other === undefined) continue;
      n += 1;
      onlyFirst += Number(one && !other);
      onlySecond += Number(other && !one);
    }
    const interval = pairedDifference({ n, onlyFirst, onlySecond });
    if (n > 0) return { difference: (onlyFirst - onlySecond) / n, interval, paired: true, n };
  }
  const [own, other] = [first.test, second.test];
  const counted = ({ accuracy, images }: TestedNetwork['test']) => {
    return { successes: accuracy * images, n: images };
  };
  return {
    difference: own.accuracy - other.accuracy,
    interval: unpairedDifference(counted(own), counted(other)),
    paired: false,
    n: Math.min(own.images, other.images),
  };
}
