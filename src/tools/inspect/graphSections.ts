/** A model's layers as the sections of a drawing: stages of blocks, and the layers between them. */
import type { LayerRecord } from '../../compiler/trace/trace.js';
import type { Traced } from '../../compiler/trace/traceModel.js';
import type { Shape } from '../../support/shape.js';

/** Kind of a node in the drawing. */
export type NodeFamily =
  'conv' | 'depthwise' | 'linear' | 'excite' | 'pool' | 'norm' | 'shape' | 'noise' | 'join';

/** One or a few layers: a convolution stands with the normalisation and activation behind it. */
export interface GraphNode {
  readonly family: NodeFamily;
  /** `conv 3×3` */
  readonly label: string;
  /** `96, stride 2` */
  readonly detail: string;
  /** `batch norm · silu` */
  readonly after: readonly string[];
  /** Rates of dropout and stochastic depth: the lowest and highest in a stage. */
  readonly rates?: readonly [low: number, high: number];
  /** On a join that adds a shortcut: what lies on that, empty for the value itself. */
  readonly shortcut?: readonly GraphNode[];
}

export interface GraphBlock {
  readonly name: string;
  /** Dropout and stochastic depth of the block, in order. */
  readonly noise: readonly { readonly kind: string; readonly rate: number }[];
}

export interface GraphSection {
  /** `blocks.1`, or `conv_head … classifier`. */
  readonly title: string;
  /** Blocks of a stage; empty for layers between stages. */
  readonly blocks: readonly GraphBlock[];
  /** Nodes of the most frequent block of a stage. */
  readonly nodes: readonly GraphNode[];
  /** Difference of the first block. */
  readonly first: string | undefined;
  /** Without the batch. */
  readonly shape: readonly number[];
  readonly parameters: number;
  readonly multiplyAdds: number;
}

interface Run {
  /** Name of a block, such as `blocks.1.0`; undefined for layers between blocks. */
  readonly block: string | undefined;
  readonly layers: LayerRecord[];
}

/**
 * Sections of a traced model, in the order of its layers. A block is what lies under a name that
 * ends in a number (`blocks.1.0`, `layer1.0`); neighbours with the same name before the number and
 * the same output shape are a stage.
 */
export function graphSections(traced: Pick<Traced, 'layers' | 'params'>): GraphSection[] {
  const sizes = new Map(traced.params.map(({ name, shape }) => [name, shape]));
  const stages: Run[][] = [];
  for (const run of runsOf(traced.layers)) {
    const before = stages.at(-1)?.at(-1);
    if (before && isSameStage(before, run)) stages.at(-1)?.push(run);
    else stages.push([run]);
  }
  return stages.map((runs) => sectionOf(runs, sizes));
}

function runsOf(layers: readonly LayerRecord[]): Run[] {
  const runs: Run[] = [];
  const names = new Set(layers.map(({ name }) => name));
  for (const layer of layers) {
    const found = blockOf(layer.name);
    // `classifier.1` with a `classifier.1.dropout` is a layer, not a block.
    const block = found !== undefined && names.has(found) ? undefined : found;
    const last = runs.at(-1);
    if (last && last.block === block) last.layers.push(layer);
    else runs.push({ block, layers: [layer] });
  }
  return runs;
}

/** The name of the block around a layer: its shortest beginning that ends in numbers, if more follows. */
function blockOf(name: string): string | undefined {
  const found = /^((?:[A-Za-z_]\w*\.)+?\d+(?:\.\d+)*)(\..*)?$/.exec(name);
  return found?.[2] === undefined ? undefined : found[1];
}

function stageOf(block: string): string {
  return block.replace(/\.\d+$/, '');
}

function isSameStage(a: Run, b: Run): boolean {
  if (a.block === undefined || b.block === undefined) return false;
  return (
    stageOf(a.block) === stageOf(b.block) && shapeOf(a.layers).join() === shapeOf(b.layers).join()
  );
}

type Sizes = ReadonlyMap<string, readonly number[]>;

function sectionOf(runs: readonly Run[], sizes: Sizes): GraphSection {
  const layers = runs.flatMap((run) => run.layers);
  const params = new Set(layers.flatMap((layer) => layer.params));
  const kinds = runs.map((run) => nodesOf(run.layers, sizes));
  const usual = mostFrequent(kinds.map(signature));
  const nodes = kinds.findLast((candidate) => signature(candidate) === usual) ?? [];
  const [first] = kinds;
  return {
    title: titleOf(runs),
    blocks: runs.flatMap(({ block, layers: own }) =>
      block === undefined ? [] : [{ name: block, noise: noiseOf(own) }],
    ),
    nodes: withRanges(
      nodes,
      runs.map((run) => noiseOf(run.layers)),
    ),
    first: first && signature(first) !== usual ? difference(first, nodes) : undefined,
    shape: shapeOf(layers),
    parameters: [...params].reduce((sum, name) => sum + count(sizes.get(name) ?? []), 0),
    multiplyAdds: layers.reduce((sum, layer) => sum + layer.multiplyAdds, 0),
  };
}

function titleOf(runs: readonly Run[]): string {
  const [first] = runs;
  const last = runs.at(-1);
  if (first?.block !== undefined && last?.block !== undefined) {
    const stage = stageOf(first.block);
    // A list of blocks may be several stages: each says which blocks are its own.
    const numbered = /\d$/.test(stage);
    if (numbered) return stage;
    const number = (block: string): string => block.slice(stage.length + 1);
    const [from, to] = [number(first.block), number(last.block)];
    return from === to ? first.block : `${stage}.${from}–${to}`;
  }
  const names = runs.flatMap(({ layers }) => layers.map(({ name }) => name));
  const [begin = ''] = names;
  const end = names.at(-1) ?? begin;
  return begin === end ? begin : `${begin} … ${end}`;
}

function noiseOf(layers: readonly LayerRecord[]): GraphBlock['noise'] {
  return layers.flatMap(({ kind, rate }) => (rate === undefined ? [] : [{ kind, rate }]));
}

function shapeOf(layers: readonly LayerRecord[]): number[] {
  return withoutBatch(layers.at(-1)?.outputShape ?? []);
}

function withoutBatch(shape: Shape): number[] {
  return shape.slice(1).filter((dim) => typeof dim === 'number');
}

function count(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Signature that equal blocks share: their nodes, noise rates aside. */
function signature(nodes: readonly GraphNode[]): string {
  return nodes
    .map(({ label, detail, after, shortcut }) =>
      [label, detail, ...after, ...(shortcut ? ['+', signature(shortcut)] : [])].join(' '),
    )
    .join(' | ');
}

function mostFrequent(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  // The later one of equals: a first block often differs from those after it.
  const [best] = [...counts].reverse().sort(([, a], [, b]) => b - a);
  return best?.[0] ?? '';
}

/** Nodes of noise with the range of their rates over all blocks that have as many of them. */
function withRanges(
  nodes: readonly GraphNode[],
  noise: readonly GraphBlock['noise'][],
): GraphNode[] {
  const own = nodes.filter(({ rates }) => rates).length;
  const alike = noise.filter(({ length }) => length === own);
  let next = 0;
  return nodes.map((node) => {
    if (!node.rates) return node;
    const place = next++;
    const rates = alike.flatMap((list) => list[place]?.rate ?? []);
    return { ...node, rates: [Math.min(...rates), Math.max(...rates)] };
  });
}

function difference(first: readonly GraphNode[], usual: readonly GraphNode[]): string {
  const text = ({ label, detail }: GraphNode): string => [label, detail].filter(Boolean).join(' ');
  const known = new Set(usual.map(text));
  const own = first.filter(({ family }) => family !== 'join' && family !== 'noise').map(text);
  const shortcuts = first.flatMap((node) => node.shortcut ?? []).map(text);
  const shortcut = (nodes: readonly GraphNode[]) => nodes.some((node) => node.shortcut);
  return [
    ...own.filter((line) => !known.has(line)),
    ...(shortcuts.length > 0 ? [`${shortcuts.join(', ')} on the shortcut`] : []),
    ...(shortcut(usual) && !shortcut(first) ? ['no shortcut'] : []),
  ].join('; ');
}

/** The nodes of a block's layers. */
function nodesOf(layers: readonly LayerRecord[], sizes: Sizes): GraphNode[] {
  const nodes: GraphNode[] = [];
  const aside: GraphNode[] = [];
  let branching = false;
  for (let i = 0; i < layers.length; i++) {
    const layer = layers[i];
    if (!layer) break;
    const excite = exciteAt(layers, i);
    if (excite) {
      nodes.push(excite.node);
      i += excite.length - 1;
      continue;
    }
    const before = layers[i - 1];
    if (layer.rate !== undefined || isJoin(layer)) branching = false;
    else if (before && startsBranch(before, layer, layers.slice(i))) branching = true;
    const target = branching ? aside : nodes;
    const host = target.at(-1);
    if (isFollower(layer) && host && takesFollowers.has(host.family))
      target[target.length - 1] = { ...host, after: [...host.after, readable(layer.kind)] };
    else target.push(nodeOf(layer, sizes, aside));
    if (isJoin(layer)) aside.length = 0;
  }
  return [...nodes, ...aside];
}

/** A layer that reads something else than the one before it, on the way to a sum: a projected shortcut. */
function startsBranch(
  before: LayerRecord,
  layer: LayerRecord,
  rest: readonly LayerRecord[],
): boolean {
  const [input] = layer.inputShapes;
  const differs = input && withoutBatch(input).join() !== withoutBatch(before.outputShape).join();
  return (
    differs === true && layer.inputShapes.length === 1 && rest.some(({ kind }) => kind === 'add')
  );
}

const takesFollowers: ReadonlySet<NodeFamily> = new Set(['conv', 'depthwise', 'linear', 'norm']);
const norms: ReadonlySet<string> = new Set(['batchNorm', 'layerNorm']);
const shapers: ReadonlySet<string> = new Set(['reshape', 'transpose', 'flatten', 'pad', 'concat']);
const joins: Readonly<Record<string, string>> = { add: '+', sub: '−', mul: '×', div: '÷' };

function isJoin({ kind }: LayerRecord): boolean {
  return kind in joins;
}

/** Normalisation, or an activation: one input, whose shape it keeps, and no parameter. */
function isFollower(layer: LayerRecord): boolean {
  const { kind, inputShapes, outputShape, params, rate } = layer;
  if (norms.has(kind)) return true;
  const same =
    inputShapes[0] && withoutBatch(inputShapes[0]).join() === withoutBatch(outputShape).join();
  return (
    same === true &&
    params.length === 0 &&
    rate === undefined &&
    !isJoin(layer) &&
    !shapers.has(kind)
  );
}

function nodeOf(layer: LayerRecord, sizes: Sizes, aside: readonly GraphNode[]): GraphNode {
  const { kind, rate, inputShapes, outputShape } = layer;
  const plain = { label: readable(kind), detail: '', after: [] };
  if (rate !== undefined) return { ...plain, family: 'noise', rates: [rate, rate] };
  if (kind === 'conv2d') return { ...plain, ...convolution(layer, sizes) };
  if (kind === 'linear')
    return { ...plain, family: 'linear', detail: String(withoutBatch(outputShape).at(-1) ?? '') };
  if (isJoin(layer)) {
    const shapes = new Set(inputShapes.map((shape) => withoutBatch(shape).join()));
    const adds = kind === 'add' && inputShapes.length === 2 && shapes.size === 1;
    return {
      ...plain,
      family: 'join',
      label: joins[kind] ?? kind,
      ...(adds && { shortcut: [...aside] }),
    };
  }
  if (/pool/i.test(kind)) {
    const stride = strideOf(layer);
    const detail = stride > 1 && !/global/.test(kind) ? `stride ${stride}` : '';
    return { ...plain, family: 'pool', detail };
  }
  if (isFollower(layer)) return { ...plain, family: 'norm' };
  return {
    ...plain,
    family: 'shape',
    detail: shapers.has(kind) ? withoutBatch(outputShape).join('×') : '',
  };
}

function convolution(
  layer: LayerRecord,
  sizes: Sizes,
): Pick<GraphNode, 'family' | 'label' | 'detail'> {
  const { params, inputShapes } = layer;
  const [out = 0, perGroup = 0, ...kernel] =
    params.map((name) => sizes.get(name) ?? []).find((shape) => shape.length === 4) ?? [];
  const [channels = 0] = withoutBatch(inputShapes[0] ?? []);
  const groups = perGroup > 0 ? channels / perGroup : 1;
  const depthwise = groups === channels && channels > 1;
  const stride = strideOf(layer);
  return {
    family: depthwise ? 'depthwise' : 'conv',
    label: `${depthwise ? 'depthwise' : 'conv'} ${kernel.join('×')}`,
    detail: [
      String(out),
      ...(groups > 1 && !depthwise ? [`${groups} groups`] : []),
      ...(stride > 1 ? [`stride ${stride}`] : []),
    ].join(', '),
  };
}

/** The maps' sizes tell the stride, but for a rest that padding decides. */
function strideOf({ inputShapes, outputShape }: LayerRecord): number {
  const [, height = 1] = withoutBatch(inputShapes[0] ?? []);
  return Math.round(height / (withoutBatch(outputShape)[1] ?? height));
}

/** Squeeze-and-excitation: a mean, two 1x1 convolutions and a product, all in one scope. */
function exciteAt(
  layers: readonly LayerRecord[],
  start: number,
): { readonly node: GraphNode; readonly length: number } | undefined {
  const part = layers.slice(start, start + 6);
  const kinds = part.map(({ kind }) => kind);
  const wanted = ['globalAvgPool', 'conv2d', undefined, 'conv2d', 'sigmoid', 'mul'];
  const scopes = new Set(part.map(({ name }) => name.replace(/\.\w+$/, '')));
  const fits = wanted.every((kind, i) => kind === undefined || kind === kinds[i]);
  if (!fits || part.length < wanted.length || scopes.size > 1) return undefined;
  const [whole, reduced] = part.map(({ outputShape }) => withoutBatch(outputShape)[0]);
  const detail = `${whole} → ${reduced} → ${whole}`;
  const node = { family: 'excite', label: 'squeeze-excite', detail, after: [] } as const;
  return { node, length: wanted.length };
}

const words: Readonly<Record<string, string>> = {
  batchNorm: 'batch norm',
  layerNorm: 'layer norm',
  stochasticDepth: 'stochastic depth',
  globalAvgPool: 'global average pool',
  globalMaxPool: 'global max pool',
  avgPool: 'average pool',
  maxPool: 'max pool',
};

function readable(kind: string): string {
  return words[kind] ?? kind;
}
