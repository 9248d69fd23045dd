import type { Op } from '../ir/graph.js';
import type { NamedOp } from '../ir/op.js';
import * as activations from './activations.js';
import * as after from './after.js';
import * as broadcast from './broadcast.js';
import * as channels from './channels.js';
import * as choose from './choose.js';
import * as constants from './constant.js';
import * as conv from './conv.js';
import * as elementwise from './elementwise.js';
import * as flatten from './flatten.js';
import * as gather from './gather.js';
import * as loss from './loss.js';
import * as matmul from './matmul.js';
import * as moments from './moments.js';
import * as noise from './noise.js';
import * as norm from './norm.js';
import * as pool from './pool.js';
import * as reduce from './reduce.js';
import * as shape from './shape.js';

const families: readonly object[] = [
  ...[activations, after, broadcast, channels, choose, constants, conv, elementwise, flatten],
  ...[gather, loss, matmul, moments, noise, norm, pool, reduce, shape],
];

/** Every primitive. */
export const primitives: readonly Op[] = families
  .flatMap((family) => Object.values(family) as unknown[])
  .filter(isOp);

const byName = new Map(primitives.map((op) => [op.name, op]));

function isOp(value: unknown): value is Op {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    'inferTypes' in value
  );
}

/** The primitive of a name, by which a written graph names it; undefined if there is none. */
export function findOp(name: string): Op | undefined {
  return byName.get(name);
}

/** A primitive of one result, with operands of any names. */
export type AnyOp = NamedOp<readonly string[], readonly ['y'], object>;

/** Operators whose results depend on elements in one place alone and are finite if these are. */
export const elementwiseOps: readonly AnyOp[] = primitives.filter(isElementwise);

function isElementwise(op: Op): op is AnyOp {
  return op.traits.elementwise === 'total' && 'signature' in op;
}
