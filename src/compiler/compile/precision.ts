import type { OpsetVersion } from '../../../generated/onnx/index.js';
import type { Graph } from '../ir/graph.js';
import type { OnDecline } from '../ir/rewrite.js';
import { mixedPrecision } from '../passes/mixedPrecision.js';
import type { HalfType } from '../../support/dtype.js';
import { ConfigError } from '../../support/errors.js';
import { option, phrase } from '../../support/phrase.js';
import { precisions, type Precision } from '../../contract/precisions.js';
import type { Target } from '../targets/target.js';
import type { ProgramOptions } from './programs.js';

/** The first opset whose convolution takes bfloat16. */
const bfloat16Opset = 22;

/** The caller's opset, or the default; throws a ConfigError for one that a target does not write. */
export function chooseOpset(
  { name, opset: only }: Target,
  precision: Precision,
  asked: OpsetVersion | undefined,
): OpsetVersion {
  if (only === undefined) return asked ?? (precision === 'bfloat16' ? bfloat16Opset : 21);
  if (asked === undefined || asked === only.version) return only.version;
  throw new ConfigError(`target ${name} writes opset ${only.version}, not ${asked}`, {
    code: 'opset',
    option: ['opset'],
    hint: phrase`leave ${option('opset')} out: ${only.reason}`,
  });
}

/** Throws a ConfigError if a target or opset cannot compute in 16 bits. */
export function requireHalf(target: Target, precision: HalfType, opset: OpsetVersion): void {
  const reason = target.refusesHalf?.[precision];
  if (reason !== undefined)
    throw new ConfigError(`target ${target.name} does not train in ${precision}`, {
      code: 'precision',
      option: ['precision'],
      hint: phrase`leave ${option('precision')} out${takesHalves(target) ? '' : ', or train on a GPU'}: ${reason}`,
    });
  if (precision === 'bfloat16' && opset < bfloat16Opset)
    throw new ConfigError(`opset ${opset} has no bfloat16 convolution`, {
      code: 'precision',
      option: ['opset'],
      hint: phrase`pass ${option('opset', bfloat16Opset)} or higher`,
    });
}

function takesHalves({ refusesHalf }: Target): boolean {
  return precisions.some((type) => type !== 'float32' && refusesHalf?.[type] === undefined);
}

/** Steps that a network goes through before it is differentiated. */
export function preparation(
  { prepare }: Target,
  precision: Precision,
  onDecline?: OnDecline,
): Pick<ProgramOptions, 'prepare'> {
  const prepared = prepare && ((graph: Graph) => prepare(graph, onDecline));
  if (precision === 'float32') return prepared ? { prepare: prepared } : {};
  const narrow = mixedPrecision(precision);
  return { prepare: prepared ? (graph) => narrow(prepared(graph)) : narrow };
}
