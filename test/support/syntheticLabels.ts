import { makeFolder } from '../../src/runtime/storage/atomic.js';
import { ShardWriter, shardPath, type LabelOrigin } from '../../src/selftrain/labels/labelStore.js';
import { fnv1a32 } from '../../src/support/hash.js';
import { uniform } from '../../src/support/random.js';

/** Names of classes: enough that the others' shares stay below a confidence of 0.2. */
export const letters = ['a', 'b', 'c', 'd', 'e', 'f'];

/** An image's id, label and confidence. */
export interface Labelled {
  readonly id: string;
  readonly label: number;
  readonly confidence: number;
}

/** Labels of random classes and confidences, more of the first classes than of the last. */
export function randomLabels(count: number, seed = 1, classes = letters.length): Labelled[] {
  const draws = uniform(2 * count, seed, { site: fnv1a32('labels'), step: 0, sample: 0 });
  return Array.from({ length: count }, (_, i) => ({
    id: `images/${i}.jpg`,
    label: Math.floor(classes * (draws[2 * i] ?? 0) ** 2),
    confidence: Math.fround(1 / classes + (1 - 1 / classes) * Math.sqrt(draws[2 * i + 1] ?? 0)),
  }));
}

export function syntheticOrigin(classes: readonly string[], images: number): LabelOrigin {
  return {
    teacher: { name: 'synthetic', fingerprint: 'a'.repeat(64) },
    classes: [...classes],
    temperature: 1,
    topK: null,
    data: { name: 'made up', fingerprint: 'b'.repeat(64), size: images },
  };
}

/** Writes labels as `gradus label` does; what is not the label's is shared evenly by the other classes. */
export function writeLabels(
  folder: string,
  labels: readonly Labelled[],
  { classes = letters, shards = 1, topK = null as number | null, teacher = 'a', data = 'b' } = {},
): string {
  makeFolder(folder);
  const { length } = classes;
  const made = syntheticOrigin(classes, labels.length);
  const origin = {
    ...made,
    data: { ...made.data, fingerprint: data.repeat(64) },
    topK,
    teacher: { name: 'synthetic', fingerprint: teacher.repeat(64) },
  };
  for (let index = 1; index <= shards; index++) {
    const writer = new ShardWriter(shardPath(folder, index, shards), {
      ...origin,
      shard: { index, of: shards },
    });
    const at = (i: number): number => Math.floor((i * labels.length) / shards);
    for (const [i, { id, label, confidence }] of labels.slice(at(index - 1), at(index)).entries()) {
      const probabilities = new Float32Array(length).fill((1 - confidence) / (length - 1));
      probabilities[label] = confidence;
      writer.add(id, at(index - 1) + i, probabilities);
    }
    writer.commit();
  }
  return folder;
}
