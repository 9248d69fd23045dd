import type { ArtifactInfo, TensorInfo } from '../../contract/manifest.js';
import { ArtifactError, ConfigError } from '../../support/errors.js';
import { zeroTensor } from '../../support/tensor.js';
import type { BatchArrays } from './batchArrays.js';
import { copyInto, resolveShape } from './buffers.js';
import { NoiseSource, type NoiseAt } from './noise.js';
import type { Feeds, HostTensor } from './executor.js';

/** Numbers of a step by the name of the hyper input. */
export type Hypers = Readonly<Record<string, number>>;

/** Makes the tensor of an input; by default one of zeros in memory of its own. */
export type Allocate = (info: TensorInfo, shape: readonly number[]) => HostTensor;

const allocateZeros: Allocate = ({ dtype }, shape) => zeroTensor(dtype, shape);

/** The hyper inputs of an artifact: rank-0 tensors, written before each run. */
export class HyperInputs {
  readonly #inputs: { readonly info: TensorInfo; readonly data: Float32Array }[] = [];
  readonly names: ReadonlySet<string>;

  constructor({ inputs, file }: ArtifactInfo, feeds: Feeds, allocate = allocateZeros) {
    for (const info of inputs) {
      if (info.role !== 'hyper') continue;
      const tensor = allocate(info, resolveShape(info.shape, 1));
      const { data } = tensor;
      if (!(data instanceof Float32Array)) throw wrongType(file, info);
      feeds[info.name] = tensor;
      this.#inputs.push({ info, data });
    }
    this.names = new Set(this.#inputs.map(({ info }) => info.name));
  }

  /** Sets each to what `values` says, else to its formula's value, else to its default. */
  set(values: Hypers, step: number): void {
    for (const { info, data } of this.#inputs)
      data[0] = values[info.name] ?? formulaValue(info, step) ?? defaultOf(info);
  }
}

function formulaValue({ formula }: TensorInfo, step: number): number | undefined {
  if (formula === undefined) return undefined;
  const number = step + 1;
  return formula.kind === 'stepNumber' ? number : 1 - formula.base ** number;
}

function defaultOf(info: TensorInfo): number {
  if (info.default !== undefined) return info.default;
  throw new ConfigError(`the step needs a value of ${info.name}, which has no default`, {
    code: 'hyper-missing',
    where: info.name,
    hint: info.meaning,
  });
}

/** Throws a ConfigError if a value is given that no artifact takes. */
export function checkHypers(values: Hypers, inputs: readonly HyperInputs[]): void {
  for (const name in values) {
    if (inputs.some(({ names }) => names.has(name))) continue;
    const known = inputs.flatMap(({ names }) => [...names]);
    throw new ConfigError(`unknown input ${name} of the training step`, {
      code: 'hyper-unknown',
      where: name,
      hint: `known: ${[...new Set(known)].join(', ') || 'none'}`,
    });
  }
}

/** The noise inputs of an artifact, for `batch` images. */
export class NoiseInputs {
  readonly #sources: readonly NoiseSource[];

  constructor(
    { inputs, file }: ArtifactInfo,
    batch: number,
    feeds: Feeds,
    allocate = allocateZeros,
  ) {
    this.#sources = inputs
      .filter(({ role }) => role === 'noise')
      .map((info) => {
        const tensor = allocate(info, resolveShape(info.shape, batch));
        const mask = tensor.data;
        if (!(mask instanceof Float32Array)) throw wrongType(file, info);
        feeds[info.name] = tensor;
        return new NoiseSource(info, mask, batch);
      });
  }

  /** Draws the masks of a run. */
  fill(at: NoiseAt): void {
    for (const source of this.#sources) source.fill(at);
  }
}

function wrongType(file: string, { role, name, dtype }: TensorInfo): ArtifactError {
  return new ArtifactError(`${file}: ${role} input ${name} is of ${dtype}`, {
    code: 'manifest-invalid',
    where: name,
  });
}

/** The image, target, weight and noise inputs of an artifact, for `batch` images. */
export class BatchInputs {
  readonly #noise: NoiseInputs;
  readonly #data: { readonly role: keyof BatchArrays; readonly data: Float32Array | Uint8Array }[] =
    [];

  constructor(
    artifact: ArtifactInfo,
    readonly batch: number,
    feeds: Feeds,
    allocate = allocateZeros,
  ) {
    const { inputs, file, leastBatch = 1 } = artifact;
    if (batch < leastBatch)
      throw new ConfigError(
        `${file} needs a batch of at least ${leastBatch} images, not ${batch}`,
        {
          code: 'batch-too-small',
          option: ['batch'],
          hint: 'use a larger batch: a batch norm with one value per channel and image has no variance otherwise',
        },
      );
    for (const info of inputs) {
      const { role } = info;
      if (role !== 'image' && role !== 'target' && role !== 'weight') continue;
      const tensor = allocate(info, resolveShape(info.shape, batch));
      const { data } = tensor;
      feeds[info.name] = tensor;
      if (!(data instanceof Float32Array || data instanceof Uint8Array))
        throw wrongType(file, info);
      this.#data.push({ role, data });
    }
    this.#noise = new NoiseInputs(artifact, batch, feeds, allocate);
  }

  /** Takes rows `row` to `row + batch` of the arrays. */
  copy(arrays: BatchArrays, row: number): void {
    for (const { role, data } of this.#data) {
      const length = data.length / this.batch;
      copyInto(data, arrays[role].subarray(row * length, row * length + data.length));
    }
  }

  fillNoise(at: NoiseAt): void {
    this.#noise.fill(at);
  }
}
