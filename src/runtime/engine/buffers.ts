/**
 * State that training carries from step to step: parameters, batch statistics, optimizer state,
 * averages.
 */
import type { ArtifactInfo, TensorInfo } from '../../contract/manifest.js';
import { checkpointKey, tensorNames } from '../../contract/names.js';
import type { DType, TypedArray } from '../../support/dtype.js';
import { ArtifactError, invariant } from '../../support/errors.js';
import { someOf } from '../../support/finite.js';
import { zeroTensor, type TensorData } from '../../support/tensor.js';
import type { Feeds, Fetches, HostTensor, Tensor } from './executor.js';

/** A tensor's part under one key of a checkpoint: all of it, or a segment of a packed one. */
interface Part {
  readonly key: string;
  readonly param: string;
  readonly offset: number;
  readonly shape: readonly number[];
}

/** A carried value: what the next run reads, and where it writes the new one. */
interface Cell {
  readonly key: string;
  readonly dtype: DType;
  readonly initial: TensorInfo['initial'];
  readonly parts: readonly Part[];
  current: HostTensor;
  next: HostTensor;
}

type CarriedRole = 'param' | 'buffer' | 'state' | 'ema';

const carriedRoles: ReadonlySet<string> = new Set<CarriedRole>(['param', 'buffer', 'state', 'ema']);

/** The sizes of a shape for `batch` images; `49N` becomes 49 * batch. */
export function resolveShape(shape: TensorInfo['shape'], batch: number): number[] {
  return shape.map((dim) => {
    if (typeof dim === 'number') return dim;
    const [, factor = ''] = /^(\d*)/.exec(dim) ?? [];
    return (factor === '' ? 1 : Number(factor)) * batch;
  });
}

export function sizeOfShape(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

function partsOf(info: TensorInfo, shape: readonly number[]): Part[] {
  if (info.segments)
    return info.segments.map(({ param, offset, shape: own }) => {
      return { key: checkpointKey(info, param), param, offset, shape: own };
    });
  return [{ key: checkpointKey(info), param: info.param ?? info.name, offset: 0, shape }];
}

/** The weights that an evaluation uses: themselves, or their moving average. */
export type WeightKind = 'current' | 'ema';

/** Finds the tensor of a parameter or batch statistic by its dotted name. */
export type WeightSource = (param: string) => Tensor;

/**
 * State that training carries, wherever it is: in host memory (StateBuffers), or on a device
 * (DeviceState). Keys are those of a checkpoint, so that one made anywhere can be resumed anywhere.
 */
export interface StateStore {
  /** The current values, good until the next step. */
  state(): ReadonlyMap<string, TensorData> | Promise<ReadonlyMap<string, TensorData>>;
  /** Takes initial weights; optimizer state and averages start as the manifest says. */
  initialize(weights: ReadonlyMap<string, TensorData>): void | Promise<void>;
  /** Takes the tensors of a checkpoint. */
  load(tensors: ReadonlyMap<string, TensorData>): void | Promise<void>;
  /** The weights themselves, or their moving averages if there are any. */
  weights(kind: WeightKind): WeightSource;
}

/** Mapping of one artifact's tensors to cells. */
export interface Binding {
  readonly inputs: readonly { readonly name: string; readonly cell: Cell }[];
  readonly outputs: readonly { readonly name: string; readonly cell: Cell }[];
}

/**
 * Two sets of tensors that take turns: a run reads one and writes the other, except for those that
 * it writes in place. Artifacts of one
 * manifest (`grad` and `update`) share them by the checkpoint key of each tensor.
 */
export class StateBuffers implements StateStore {
  readonly #cells = new Map<string, Cell>();
  readonly #parts = new Map<string, { readonly cell: Cell; readonly part: Part }>();

  /** `oneSet`: without the second tensors, as something to copy from and to. */
  constructor(artifacts: readonly ArtifactInfo[], { oneSet = false } = {}) {
    for (const { inputs } of artifacts)
      for (const info of inputs) if (carriedRoles.has(info.role)) this.#add(info);
    if (oneSet) return;
    for (const { inputs, outputs } of artifacts)
      for (const { replaces, inPlace = false } of outputs) {
        if (inPlace) continue;
        const cell = this.#cells.get(cellKey(inputs.find(({ name }) => name === replaces)));
        // A value that no artifact replaces (a frozen parameter) or one replaced in place needs no second tensor.
        if (cell && cell.next === cell.current)
          cell.next = zeroTensor(cell.dtype, cell.current.shape);
      }
  }

  #add(info: TensorInfo): void {
    const key = cellKey(info);
    if (this.#cells.has(key)) return;
    const shape = resolveShape(info.shape, 1);
    const tensor = zeroTensor(info.dtype, shape);
    const { dtype, initial } = info;
    const cell = {
      key,
      dtype,
      initial,
      parts: partsOf(info, shape),
      current: tensor,
      next: tensor,
    };
    this.#cells.set(key, cell);
    for (const part of cell.parts) this.#parts.set(part.key, { cell, part });
  }

  /** The cells behind an artifact's inputs and the outputs that replace them. */
  bind(artifact: ArtifactInfo): Binding {
    const cellsOf = (names: readonly CarriedName[]) =>
      names.flatMap(({ name, key }) => {
        const cell = this.#cells.get(key);
        return cell ? [{ name, cell }] : [];
      });
    const { inputs, outputs } = carriedNames(artifact);
    return { inputs: cellsOf(inputs), outputs: cellsOf(outputs) };
  }

  /** Names, types and shapes of the cells. */
  specs(): { readonly name: string; readonly dtype: DType; readonly shape: readonly number[] }[] {
    return Array.from(this.#cells, ([name, { dtype, current }]) => {
      return { name, dtype, shape: current.shape };
    });
  }

  /** The current tensor of each cell. */
  tensors(): Map<string, HostTensor> {
    return new Map(Array.from(this.#cells, ([key, { current }]) => [key, current]));
  }

  /** Keys of a checkpoint of this state, sorted as the manifest names them. */
  keys(): string[] {
    return [...this.#parts.keys()];
  }

  /** Views of the current values by checkpoint key; the next step overwrites them. */
  state(): Map<string, TensorData> {
    const state = new Map<string, TensorData>();
    for (const [key, { cell, part }] of this.#parts)
      state.set(key, { dtype: cell.dtype, shape: part.shape, data: viewOf(cell.current, part) });
    return state;
  }

  /**
   * Takes initial weights; optimizer state and averages start as the manifest says. Throws an
   * ArtifactError if a parameter is missing or has another shape.
   */
  initialize(weights: ReadonlyMap<string, TensorData>): void {
    for (const [key, { cell, part }] of this.#parts) {
      const target = viewOf(cell.current, part);
      const { initial } = cell;
      if (initial !== undefined && initial !== 'param') fill(target, initial);
      else this.#copy(key, weights.get(part.param));
    }
  }

  /**
   * Takes the tensors of a checkpoint. Throws an ArtifactError that names the first ones missing,
   * as when it was made with another optimizer; then nothing has changed.
   */
  load(tensors: ReadonlyMap<string, TensorData>): void {
    const missing = this.keys().filter((key) => !tensors.has(key));
    if (missing.length > 0)
      throw new ArtifactError(`the checkpoint does not have ${someOf(missing)}`, {
        code: 'state-missing',
        where: missing[0],
        hint: 'resume with the config of the run: this checkpoint was made with another optimizer, with other frozen parameters or without a moving average',
      });
    for (const key of this.keys()) this.#check(key, tensors.get(key));
    for (const key of this.keys()) this.#copy(key, tensors.get(key));
  }

  weights(kind: WeightKind): WeightSource {
    const keyOf = this.weightKeys(kind);
    return (param) => {
      const cell = this.#cells.get(keyOf(param));
      invariant(cell, `no weights of ${param}`);
      return cell.current;
    };
  }

  /** The key of the cell that holds a parameter or its average alone, by dotted name. */
  weightKeys(kind: WeightKind): (param: string) => string {
    return (param) => {
      const average = kind === 'ema' ? this.#parts.get(tensorNames.ema(param)) : undefined;
      const found = average ?? this.#parts.get(param);
      if (found?.cell.parts.length === 1) return found.cell.key;
      throw new ArtifactError(`parameter ${param} has no tensor of its own in this artifact`, {
        code: 'weights-missing',
        where: param,
      });
    };
  }

  #check(key: string, tensor: TensorData | undefined): TensorData {
    const entry = this.#parts.get(key);
    invariant(entry, `no state ${key}`);
    const { cell, part } = entry;
    if (tensor?.dtype === cell.dtype && tensor.shape.join() === part.shape.join()) return tensor;
    const found = tensor ? `${tensor.dtype} [${tensor.shape.join(',')}]` : 'missing';
    throw new ArtifactError(
      `${key} is ${found}, the model needs ${cell.dtype} [${part.shape.join(',')}]`,
      { code: 'state-mismatch', where: key },
    );
  }

  #copy(key: string, tensor: TensorData | undefined): void {
    const { data } = this.#check(key, tensor);
    const entry = this.#parts.get(key);
    invariant(entry, `no state ${key}`);
    copyInto(viewOf(entry.cell.current, entry.part), data);
  }
}

function cellKey(info: TensorInfo | undefined): string {
  if (!info) return '';
  return `${info.role}:${info.slot ?? ''}:${info.param ?? info.name}`;
}

interface CarriedName {
  /** Name of an input or output. */
  readonly name: string;
  /** Key of the cell that it reads or writes. */
  readonly key: string;
}

/** Inputs of an artifact that are carried values, and the outputs that replace them. */
export function carriedNames({ inputs, outputs }: ArtifactInfo): {
  readonly inputs: readonly CarriedName[];
  readonly outputs: readonly CarriedName[];
} {
  const carried = inputs.filter(({ role }) => carriedRoles.has(role));
  const byName = new Map(carried.map((info) => [info.name, cellKey(info)]));
  return {
    inputs: Array.from(byName, ([name, key]) => ({ name, key })),
    outputs: outputs.flatMap(({ name, replaces = '' }) => {
      const key = byName.get(replaces);
      return key === undefined ? [] : [{ name, key }];
    }),
  };
}

function viewOf({ data }: HostTensor, { offset, shape }: Part): TypedArray {
  const size = sizeOfShape(shape);
  return size === data.length ? data : data.subarray(offset, offset + size);
}

function fill(target: TypedArray, value: 'zeros' | 'ones' | number): void {
  const number = typeof value === 'number' ? value : Number(value === 'ones');
  if (target instanceof BigInt64Array) target.fill(BigInt(number));
  else target.fill(number);
}

/** Copies between arrays of one type. */
export function copyInto(target: TypedArray, source: TypedArray): void {
  invariant(target.length === source.length, `${source.length} values into ${target.length}`);
  if (target instanceof BigInt64Array) {
    invariant(source instanceof BigInt64Array, 'int64 from another type');
    target.set(source);
    return;
  }
  invariant(!(source instanceof BigInt64Array), 'int64 into another type');
  target.set(source);
}

/** Points feeds and fetches at the tensors whose turn it is. */
export function point({ inputs, outputs }: Binding, feeds: Feeds, fetches: Fetches): void {
  for (const { name, cell } of inputs) feeds[name] = cell.current;
  for (const { name, cell } of outputs) fetches[name] = cell.next;
}

/** Makes what a run wrote the current values. */
export function swap({ outputs }: Binding): void {
  for (const { cell } of outputs) {
    const { current } = cell;
    cell.current = cell.next;
    cell.next = current;
  }
}
