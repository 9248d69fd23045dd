import type { WeightsKind } from '../../contract/choices.js';
import { keyKind, tensorNames } from '../../contract/names.js';
import type { OpenCheckpoint } from '../../runtime/storage/checkpoint.js';
import type { TensorSource } from '../../runtime/storage/safetensors.js';
import { ArtifactError, ConfigError } from '../../support/errors.js';
import { option, phrase } from '../../support/phrase.js';
import { isFiniteTensor } from '../../support/finite.js';
import type { TensorData } from '../../support/tensor.js';

/**
 * The weights of an open checkpoint by the model's own names, or their moving averages: these if
 * there are any and `wanted` says nothing else; what was frozen is its own average. Each is read when it is asked for, so that those of
 * a large network need not lie in memory. Throws a ConfigError if averages are wanted in vain, and an
 * ArtifactError for a weight with a NaN or an infinity, which a device may swallow and give scores for.
 */
export class StoredWeights implements TensorSource {
  readonly kind: WeightsKind;
  readonly #path: string;
  readonly #tensors: OpenCheckpoint['tensors'];
  /** The checkpoint's key of each weight. */
  readonly #keyOf: ReadonlyMap<string, string>;

  constructor({ path, tensors }: OpenCheckpoint, wanted: WeightsKind | undefined) {
    const keys = tensors.names();
    const averages = new Set(keys.filter((key) => keyKind(key) === 'ema'));
    if (wanted === 'ema' && averages.size === 0)
      throw new ConfigError(`${path} has no moving average of its weights`, {
        code: 'no-average',
        option: ['weights'],
        hint: phrase`leave ${option('weights')} out; set the key \`ema\` of a training config to keep an average`,
      });
    this.kind = wanted ?? (averages.size > 0 ? 'ema' : 'raw');
    this.#path = path;
    this.#tensors = tensors;
    const keyOf = (name: string): string => {
      const averaged = tensorNames.ema(name);
      return this.kind === 'ema' && averages.has(averaged) ? averaged : name;
    };
    const weights = keys.filter((key) => keyKind(key) === 'weight');
    this.#keyOf = new Map(weights.map((name) => [name, keyOf(name)]));
  }

  keys(): string[] {
    return [...this.#keyOf.keys()];
  }

  has(name: string): boolean {
    return this.#keyOf.has(name);
  }

  info(name: string): Pick<TensorData, 'dtype' | 'shape'> | undefined {
    const key = this.#keyOf.get(name);
    return key === undefined ? undefined : this.#tensors.info(key);
  }

  get(name: string): TensorData | undefined {
    const key = this.#keyOf.get(name);
    return key === undefined ? undefined : this.#read(key);
  }

  /** Element types and shapes by name. */
  infos(): Map<string, Pick<TensorData, 'dtype' | 'shape'>> {
    return new Map(
      [...this.#keyOf].flatMap(([name]) => {
        const info = this.info(name);
        return info ? [[name, info] as const] : [];
      }),
    );
  }

  /** All of them, in memory. */
  held(): Map<string, TensorData> {
    return new Map([...this.#keyOf].map(([name, key]) => [name, this.#read(key)]));
  }

  #read(key: string): TensorData {
    const tensor = this.#tensors.read(key);
    if (isFiniteTensor(tensor)) return tensor;
    throw new ArtifactError(`${key} of ${this.#path} holds a NaN or an infinity`, {
      code: 'weights-not-finite',
      where: this.#path,
      hint: 'use an older checkpoint: the training had diverged',
    });
  }
}
