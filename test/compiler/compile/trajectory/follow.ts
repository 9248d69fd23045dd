import type { TensorInfo } from '../../../../src/contract/manifest.js';
import { ndarray, type NdArray } from '../../../../src/compiler/ir/ndarray.js';
import { invariant } from '../../../../src/support/errors.js';
import { batchSize, drawBatch, drawMask, initialBuffer, initialParam } from './draw.js';

/** A program that takes named tensors and gives others; several of them make a training step. */
export interface Stage {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  run(feeds: ReadonlyMap<string, NdArray>): Promise<ReadonlyMap<string, NdArray>>;
}

export interface Trajectory {
  readonly losses: readonly number[];
  /** Parameters, buffers, state and averages after the last step, by name. */
  readonly final: ReadonlyMap<string, NdArray>;
}

const rateDecay = 0.98;

/** Trains from the golden's start with its data and masks; what the infos say is all that it knows. */
export async function follow(
  stages: readonly Stage[],
  { steps, rate }: { readonly steps: number; readonly rate: number },
): Promise<Trajectory> {
  const state = initialState(stages);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const drawn = drawStep(stages, step, rate * rateDecay ** step);
    const results = new Map<string, NdArray>();
    for (const stage of stages) {
      const feeds = stage.inputs.map(({ name }) => {
        const value = state.get(name) ?? results.get(name) ?? drawn.get(name);
        invariant(value, `nothing feeds ${name}`);
        return [name, value] as const;
      });
      for (const [name, value] of await stage.run(new Map(feeds))) results.set(name, value);
      for (const { name, replaces } of stage.outputs)
        if (replaces !== undefined) state.set(replaces, found(results, name));
    }
    losses.push(lossOf(results));
  }
  return { losses, final: state };
}

function found(results: ReadonlyMap<string, NdArray>, name: string): NdArray {
  const value = results.get(name);
  invariant(value, `no result ${name}`);
  return value;
}

function lossOf(results: ReadonlyMap<string, NdArray>): number {
  const scalar = (name: string): number => found(results, name).data[0] ?? NaN;
  return results.has('loss') ? scalar('loss') : scalar('loss_sum') / scalar('weight_sum');
}

const shapeOf = ({ shape }: TensorInfo): number[] =>
  shape.map((dim) => (typeof dim === 'number' ? dim : batchSize));

function initialState(stages: readonly Stage[]): Map<string, NdArray> {
  const state = new Map<string, NdArray>();
  for (const info of stages.flatMap(({ inputs }) => inputs)) {
    const [shape, name] = [shapeOf(info), info.param ?? info.name];
    const owner = name.includes('.running_')
      ? initialBuffer(name, shape)
      : initialParam(name, shape);
    if (info.role === 'param' || info.role === 'buffer') state.set(info.name, owner);
    if (info.role === 'ema' && info.initial === 'param') state.set(info.name, owner);
    if (info.role === 'state')
      state.set(
        info.name,
        ndarray(
          shape,
          owner.data.map(() => (info.initial === 'ones' ? 1 : 0)),
        ),
      );
  }
  return state;
}

function drawStep(stages: readonly Stage[], step: number, rate: number): Map<string, NdArray> {
  const drawn = new Map<string, NdArray>();
  for (const info of stages.flatMap(({ inputs }) => inputs)) {
    const { name, role } = info;
    if (role === 'image')
      for (const [key, value] of Object.entries(drawBatch(step, shapeOf(info).slice(1))))
        drawn.set(key, value);
    if (role === 'noise') drawn.set(name, drawMask(info, shapeOf(info), step));
    if (role === 'hyper')
      drawn.set(name, ndarray([], [name === 'learning_rate' ? rate : (info.default ?? NaN)]));
  }
  return drawn;
}
