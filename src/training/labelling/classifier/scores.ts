import type { OnnxNode } from '../../../compiler/onnx/model.js';
import { ints } from '../../../compiler/onnx/shapes/valueTable.js';
import { attributeNumber, type GraphWalk } from './graphWalk.js';

/** Kinds of scores that a classifier can give. */
export const scoreKinds = ['logits', 'probabilities', 'log-probabilities', 'sigmoid'] as const;

/**
 * Kind of scores: logits; probabilities, whose rows sum to 1; their logarithms; or a sigmoid of
 * each logit, whose rows do not.
 */
export type ScoreKind = (typeof scoreKinds)[number];

/** The kind of scores that the end of a graph makes, and the operators that tell. */
export interface Ending {
  readonly kind: ScoreKind;
  readonly by: string;
}

/** Operators whose results are logits if nothing but sums and factors follows. */
const linear = new Set([
  ...['Gemm', 'MatMul', 'Conv', 'FusedMatMul', 'QGemm', 'QLinearMatMul', 'QLinearConv'],
  ...['MatMulInteger', 'ConvInteger', 'MatMulIntegerToFloat', 'DynamicQuantizeMatMul'],
  'MatMulNBits',
]);

const means = new Set(['GlobalAveragePool', 'AveragePool', 'ReduceMean']);

/** Deeper nests of sums than this are not looked into. */
const deepest = 32;

/** The kind of scores [N,classes] by the nodes that make them; undefined if these do not tell. */
export function endingOf(
  walk: GraphWalk,
  output: string,
  classes: number,
  depth = 0,
): Ending | undefined {
  const { maker, through } = walk.origin(output);
  if (!maker || depth > deepest) return undefined;
  const found = kindOf(walk, maker, classes, depth);
  return found && { ...found, by: [found.by, ...through].join(', ') };
}

function kindOf(
  walk: GraphWalk,
  node: OnnxNode,
  classes: number,
  depth: number,
): Ending | undefined {
  const { opType } = node;
  const inner = (input: string | undefined): Ending | undefined =>
    endingOf(walk, input ?? '', classes, depth + 1);
  const after = (wanted: ScoreKind, kind: ScoreKind): Ending | undefined => {
    const before = inner(node.inputs[0]);
    return before?.kind === wanted ? { kind, by: `${before.by}, ${opType}` } : undefined;
  };
  if (linear.has(opType)) return { kind: 'logits', by: opType };
  if (means.has(opType)) return after('logits', 'logits');
  switch (opType) {
    case 'Softmax':
      return isAlongClasses(walk, node, classes)
        ? { kind: 'probabilities', by: opType }
        : undefined;
    case 'LogSoftmax':
      return isAlongClasses(walk, node, classes)
        ? { kind: 'log-probabilities', by: opType }
        : undefined;
    case 'Sigmoid':
      return { kind: 'sigmoid', by: opType };
    case 'Log':
      return after('probabilities', 'log-probabilities');
    case 'Exp':
      return after('log-probabilities', 'probabilities');
    case 'Div':
    case 'Mul':
      return normalisedExp(walk, node) ?? affine(walk, node, inner);
    case 'Sub':
      return lessLogSum(walk, node) ?? affine(walk, node, inner);
    case 'Add':
    case 'Sum':
      return affine(walk, node, inner);
    default:
      return undefined;
  }
}

/** Logits stay logits if constants or other logits are added, and if a constant scales them. */
function affine(
  walk: GraphWalk,
  node: OnnxNode,
  inner: (input: string | undefined) => Ending | undefined,
): Ending | undefined {
  const values = node.inputs.filter((input) => !walk.isConstant(input));
  const factors = node.opType === 'Mul' || node.opType === 'Div';
  if (values.length === 0 || (factors && values.length > 1)) return undefined;
  if (node.opType === 'Div' && walk.isConstant(node.inputs[0])) return undefined;
  const endings = values.map(inner);
  if (!endings.every((ending) => ending?.kind === 'logits')) return undefined;
  return { kind: 'logits', by: `${endings[0]?.by ?? ''}, ${node.opType}` };
}

/** exp(z) / sum(exp(z)), or its product with the reciprocal. */
function normalisedExp(walk: GraphWalk, node: OnnxNode): Ending | undefined {
  const { maker: exp } = walk.origin(node.inputs[0]);
  const { maker: second } = walk.origin(node.inputs[1]);
  const isProduct = node.opType === 'Mul';
  const sum = isProduct ? walk.origin(second?.inputs[0]).maker : second;
  if (isProduct && second?.opType !== 'Reciprocal') return undefined;
  if (exp?.opType !== 'Exp' || !isRowSum(walk, sum)) return undefined;
  if (walk.origin(sum?.inputs[0]).maker !== exp) return undefined;
  return { kind: 'probabilities', by: `Exp, ${sum?.opType ?? ''}, ${node.opType}` };
}

/** z - log(sum(exp(z))) */
function lessLogSum(walk: GraphWalk, node: OnnxNode): Ending | undefined {
  const { value } = walk.origin(node.inputs[0]);
  const { maker } = walk.origin(node.inputs[1]);
  const sum = maker?.opType === 'Log' ? walk.origin(maker.inputs[0]).maker : maker;
  if (!sum || !isRowSum(walk, sum, maker?.opType === 'Log' ? rowSums : ['ReduceLogSumExp']))
    return undefined;
  const exp = sum.opType === 'ReduceLogSumExp' ? sum : walk.origin(sum.inputs[0]).maker;
  if (exp !== sum && exp?.opType !== 'Exp') return undefined;
  if (walk.origin(exp.inputs[0]).value !== value) return undefined;
  return { kind: 'log-probabilities', by: `${sum.opType}, ${node.opType}` };
}

const rowSums = ['ReduceSum', 'ReduceL1'];

/** True if a node sums over axes other than the batch's. */
function isRowSum(walk: GraphWalk, node: OnnxNode | undefined, kinds = rowSums): boolean {
  if (!node || !kinds.includes(node.opType)) return false;
  const axes = ints(node, 'axes') ?? walk.numbers(node.inputs[1]) ?? [];
  return axes.length > 0 && !axes.includes(0);
}

function isAlongClasses(walk: GraphWalk, node: OnnxNode, classes: number): boolean {
  // Before opset 13 all axes from this one on were taken together.
  const flat = walk.opset < 13;
  const axis = attributeNumber(node, 'axis') ?? (flat ? 1 : -1);
  const shape = walk.shape(node.inputs[0]);
  if (!shape) return axis !== 0;
  const at = axis < 0 ? axis + shape.length : axis;
  const dims = flat ? shape.slice(at) : shape.slice(at, at + 1);
  return dims.every((dim) => typeof dim === 'number')
    ? dims.reduce((a, b) => a * b, 1) === classes
    : at > 0;
}

/** Largest deviation of rows of rounded numbers from their ideal. */
const tolerance = 5e-3;

/** Judges rows of `classes` scores by their numbers alone. */
export function measureScores(scores: Float32Array, classes: number): ScoreKind {
  const every = (of: (row: Float32Array) => boolean): boolean => {
    for (let at = 0; at < scores.length; at += classes)
      if (!of(scores.subarray(at, at + classes))) return false;
    return true;
  };
  const inRange = (row: Float32Array): boolean => row.every((x) => x >= -1e-6 && x <= 1 + 1e-6);
  if (every(inRange)) return every((row) => isOne(sum(row))) ? 'probabilities' : 'sigmoid';
  const areLogs = (row: Float32Array): boolean =>
    row.every((x) => x <= tolerance) && isOne(sum(row.map(Math.exp)));
  return every(areLogs) ? 'log-probabilities' : 'logits';
}

/** Rows of scores that no classifier means to give, in words; undefined for all others. */
export function oddityOf(scores: Float32Array, classes: number): string | undefined {
  const rows = Array.from({ length: scores.length / classes }, (_, i) =>
    scores.subarray(i * classes, (i + 1) * classes),
  );
  const every = (of: (row: Float32Array) => boolean): boolean => rows.length > 0 && rows.every(of);
  if (every((row) => row.every((x) => x === row[0])))
    return 'those of an image are all equal, as after a softmax along an axis other than the classes';
  if (every((row) => row.every((x) => x === 0 || x === 1) && sum(row) === 1))
    return 'each is 0 or 1, a decision without confidence: export the network with the scores before it';
  if (every((row) => row.every((x) => x >= 0) && Math.abs(sum(row) - 100) <= 100 * tolerance))
    return 'those of an image sum to 100, as percentages do: divide them by 100 in the network';
  return undefined;
}

function sum(row: Float32Array): number {
  return row.reduce((a, b) => a + b, 0);
}

function isOne(total: number): boolean {
  return Math.abs(total - 1) <= tolerance;
}

/** The smallest float32 that has all its digits, as a logarithm: a smaller probability is none. */
const smallestLog = Math.log(1e-38);

/**
 * Makes logits of scores in place. Of a sigmoid each score is the odds of its class: if one class is
 * right and the others are not, its probability is their share. Returns where a score is that cannot
 * be one of its kind, or -1.
 */
export function toLogits(scores: Float32Array, kind: ScoreKind): number {
  if (kind === 'logits') return -1;
  const [least, most] = kind === 'log-probabilities' ? [-Infinity, 1e-2] : [-1e-2, 1.01];
  for (const [i, x] of scores.entries()) {
    if (!(x >= least && x <= most)) return i;
    scores[i] = logitOf(x, kind);
  }
  return -1;
}

function logitOf(x: number, kind: Exclude<ScoreKind, 'logits'>): number {
  switch (kind) {
    case 'probabilities':
      return Math.log(Math.max(x, 1e-38));
    case 'log-probabilities':
      return Math.max(x, smallestLog);
    case 'sigmoid': {
      // The float32 next below 1 is as sure as a sigmoid can be.
      const p = Math.min(Math.max(x, 1e-38), 1 - 2 ** -24);
      return Math.log(p) - Math.log1p(-p);
    }
  }
}

export interface DecidedScores extends Ending {
  /** Evidence against it. */
  readonly note?: string;
}

/**
 * Decides what scores are, by the end of the graph and by measuring the rows of `images` images. If
 * both differ, a clear end of the graph wins; undefined if neither decides.
 */
export function decideScores(
  ending: Ending | undefined,
  measured: ScoreKind | undefined,
  images: number,
): DecidedScores | undefined {
  if (measured === undefined) return ending;
  const by = `measurement of ${images === 1 ? '1 image' : `${images} images`}`;
  if (!ending) return { kind: measured, by, ...(measured === 'sigmoid' && { note: sigmoidNote }) };
  const both = { ...ending, by: `${ending.by} and ${by}` };
  if (ending.kind === measured)
    return { ...both, ...(measured === 'sigmoid' && { note: sigmoidNote }) };
  // The softmax of logarithms of probabilities is the probabilities: nothing differs.
  if (ending.kind === 'logits' && measured === 'log-probabilities') return both;
  // A sigmoid of z and -z is a distribution over two classes.
  if (ending.kind === 'sigmoid' && measured === 'probabilities')
    return {
      kind: measured,
      by,
      note: `they are the output of ${ending.by}, and yet their rows sum to 1`,
    };
  return {
    ...ending,
    note: `their numbers on ${images} images look like ${measured}; used as ${ending.kind}, since they are the output of ${ending.by}`,
  };
}

const sigmoidNote =
  'they lie within 0 and 1 and do not sum to 1: each is used as the odds of its class, normalised to probabilities';
