import { traceModel, type Model, type NameSet } from '../nn/index.js';
import { ModelError } from '../../support/errors.js';
import { nearest } from '../../support/nearest.js';
import type { ShippedModel } from './registry.js';

/*
 * A network is written once for both sets of names. timm's and torchvision's EfficientNets differ in what their
 * parts are called, so the builder takes the set of names as an option. The table that translates a file's
 * names comes from building the network twice, so no list of names can go out of date.
 */

/** Tables worked out before, by model and set. */
const tables = new WeakMap<ShippedModel, Map<NameSet, ReadonlyMap<string, string>>>();

/**
 * The name in a set of each parameter and batch statistic, by the model's own name; one to one, and
 * the same name if the sets agree. `num_batches_tracked`, which PyTorch's files hold beside the
 * batch statistics, has no counterpart.
 */
export function parameterNames(shipped: ShippedModel, to: NameSet): ReadonlyMap<string, string> {
  const known = tables.get(shipped) ?? new Map<NameSet, ReadonlyMap<string, string>>();
  tables.set(shipped, known);
  const table = known.get(to) ?? tableOf(shipped, to);
  known.set(to, table);
  return table;
}

/** The two networks are built by the same code, so that their tensors come in the same order. */
function tableOf({ model, names, renamed }: ShippedModel, to: NameSet): Map<string, string> {
  const own = namesOf(model);
  const others = to === names || renamed === undefined ? own : namesOf(renamed);
  return new Map(own.map((name, i) => [name, others[i] ?? name]));
}

/**
 * The name in a set of one parameter or batch statistic, from the model's own name for it. Errors:
 * a name that the model does not have.
 *
 * @example translateName('conv_stem.weight', efficientnetB0, 'torchvision') // features.0.0.weight
 */
export function translateName(name: string, shipped: ShippedModel, to: NameSet): string {
  const table = parameterNames(shipped, to);
  const found = table.get(name);
  if (found !== undefined) return found;
  const near = nearest(name, table.keys());
  throw new ModelError(`${shipped.name} has no parameter or batch statistic ${name}`, {
    code: 'no-such-parameter',
    where: name,
    hint: near === undefined ? undefined : `did you mean ${near}?`,
  });
}

function namesOf(model: Model): string[] {
  const { params, buffers } = traceModel(model, { mode: 'eval', batch: 1 });
  return [...params, ...buffers].map(({ name }) => name);
}
