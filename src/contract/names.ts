import type { TensorInfo } from './manifest.js';

const prefixes = { next: 'new.', grad: 'grad.', ema: 'ema.', state: 'optim.' } as const;

/**
 * Names of an artifact's tensors beside those of parameters and buffers, which are their dotted names. The
 * names of carried tensors are also their keys in a checkpoint. Built and parsed in this file alone.
 */
export const tensorNames = {
  lossSum: 'loss_sum',
  weightSum: 'weight_sum',
  correctSum: 'correct_sum',
  /** The value that an input takes at the next step. */
  next: (input: string): string => prefixes.next + input,
  grad: (param: string): string => prefixes.grad + param,
  /** The moving average of a parameter or buffer. */
  ema: (param: string): string => prefixes.ema + param,
  /** The optimizer's state of a parameter; without one, a number of the whole training. */
  state: (slot: string, param?: string): string =>
    prefixes.state + (param === undefined ? slot : `${slot}.${param}`),
};

/** The key in a checkpoint of a carried tensor, or of its segment that belongs to `param`. */
export function checkpointKey(
  { name, role, slot = '', param: own }: TensorInfo,
  param = own,
): string {
  if (role === 'state') return tensorNames.state(slot, param);
  return role === 'ema' ? tensorNames.ema(param ?? name) : (param ?? name);
}

/**
 * Kind of a checkpoint's tensor: a weight or batch statistic, its moving average, or optimizer
 * state.
 */
export type KeyKind = 'weight' | 'ema' | 'state';

/** Tells from a checkpoint's key what the tensor is. */
export function keyKind(key: string): KeyKind {
  if (key.startsWith(prefixes.ema)) return 'ema';
  return key.startsWith(prefixes.state) ? 'state' : 'weight';
}
