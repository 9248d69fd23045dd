/** Goes through a graph's nodes in order and makes each plain: folds it, drops it, or states it. */
import { ArtifactError, GradusError, InternalError } from '../../../support/errors.js';
import { batchDim, type Dim, type Shape } from '../../../support/shape.js';
import { findOperator } from '../../onnx/schema.js';
import { elementTypeOf, schemaName } from '../../onnx/elementTypes.js';
import { inferTypes } from '../../onnx/inferTypes.js';
import type { OnnxGraph, OnnxNode, OnnxTensor } from '../../onnx/model.js';
import { evaluate } from '../../onnx/shapes/constantValues.js';
import { inOrder, readBy } from '../../onnx/shapes/nodeOrder.js';
import { shapeRules } from '../../onnx/shapes/shapeRules.js';
import { graphOf, int } from '../../onnx/shapes/valueTable.js';
import type { NodeName, Operand, PlainNode, PlainValue } from '../plainGraph.js';
import { plainShape } from './batch.js';
import { fitBatch, keepingBatch, mixesBatch, reshapedTo } from './batchRules.js';
import { numbers, plainTensor, plainType, tensorOf } from './constants.js';
import { dropping } from './dropped.js';
import { evaluators } from './fold/index.js';
import { forms } from './forms/index.js';
import { quantisedForms } from './forms/quantised.js';
import { openedBranch, type Opened } from './inline.js';
import { dtypeOf, plainTypeOf, type Entry, type Values } from './values.js';
import type { Tally } from './tally.js';

/** The newest opset that schemas/ has. */
const newest = 24;

/** Domains whose shapes are known. */
const knownDomains: ReadonlySet<string> = new Set(['', 'com.microsoft']);

/** Operators that hold graphs, lists or text, of which nothing is known. */
const refusals: Readonly<Partial<Record<string, string>>> = {
  Loop: 'repeats a graph',
  Scan: 'repeats a graph',
  If: 'chooses between graphs by a value that depends on the images',
};

/** Axes of a constant beyond which nothing is meant. */
const mostAxes = 64;

/** What an initializer is told as that cannot be imported. */
const unnamed: OnnxNode = {
  opType: '',
  domain: '',
  name: '',
  inputs: [],
  outputs: [],
  attributes: new Map(),
  docString: '',
  metadata: {},
};

export class Walk {
  readonly nodes: PlainNode[] = [];
  readonly behind: NodeName[] = [];
  /** Products of whole numbers, which a factor behind them scales. */
  readonly products = new Set<PlainValue>();
  readonly #names = new Set<string>();
  #opened = 0;
  /** Elements that evaluation has made, and may make: some times those of the file's weights. */
  #made = 0;
  #mayMake = 2 ** 26;

  constructor(
    readonly values: Values,
    readonly tally: Tally,
    private readonly file: string,
    /** The batch that the file fixes. */
    private readonly fixed: number | undefined,
  ) {}

  run(opened: readonly Opened[]): void {
    const opsets = new Map(opened.map(({ node, opset }) => [node, opset]));
    for (const node of inOrder([...opsets.keys()])) {
      if (++this.#opened > 200_000)
        throw this.#broken(node, 'the graph opens up to more than 200,000 nodes');
      this.#guarded(node, opsets.get(node) ?? newest);
    }
  }

  /** Sizes out of all bounds make a rule fail in ways of its own. */
  #guarded(node: OnnxNode, opset: number): void {
    try {
      this.#visit(node, opset);
    } catch (cause) {
      if (cause instanceof GradusError && !(cause instanceof InternalError)) throw cause;
      throw this.#broken(
        node,
        `it cannot be read (${cause instanceof Error ? cause.message : String(cause)})`,
        cause,
      );
    }
  }

  #broken(node: OnnxNode, problem: string, cause?: unknown): ArtifactError {
    return new ArtifactError(`${this.file}: the node ${nameOf(node)} is broken: ${problem}`, {
      code: 'onnx-graph',
      where: this.file,
      hint: 'the file may be damaged; copy it again, or export it anew',
      cause,
    });
  }

  #visit(node: OnnxNode, opset: number): void {
    const read = readBy(node);
    for (const name of read)
      if (!this.values.has(name))
        throw this.#broken(node, `it reads ${name}, which nothing before it makes`);
    for (const [i, output] of node.outputs.entries())
      if (output !== '' && (this.values.has(output) || node.outputs.indexOf(output) !== i))
        throw this.#broken(node, `it makes ${output}, which is there already`);
    if (read.some((name) => this.values.get(name)?.kind === 'behind')) this.#behind(node);
    else if (node.domain === '' && node.opType === 'Constant') this.#constant(node);
    else if (!this.#branch(node, opset)) this.#formed(node, opset);
  }

  /** Goes on with the nodes that a node is in the newest form. */
  #formed(node: OnnxNode, opset: number): void {
    const around = this.values.around(opset, this.fixed, this.tally);
    const floats = quantisedForms[node.domain]?.[node.opType]?.(node, around) ?? [node];
    for (const float of floats) {
      const made = forms[float.domain]?.[float.opType]?.(float, around) ?? [float];
      if (this.values.isRefused(node)) break;
      for (const one of made) {
        if (one.inputs.some((name) => this.values.get(name)?.kind === 'behind')) this.#behind(one);
        else if (one.domain === '' && one.opType === 'Constant') this.#constant(one);
        else this.#settle(one);
      }
    }
    if (this.values.isRefused(node)) this.#unknown(node);
    const made = this.values.get(node.outputs[0] ?? '');
    if (/^(?:Conv|MatMul)Integer$/.test(node.opType) && made?.kind === 'value')
      this.products.add(made.value);
  }

  #behind(node: OnnxNode): void {
    this.behind.push({ op: node.opType, domain: node.domain, name: nameOf(node) });
    this.#unknown(node);
  }

  #unknown(node: OnnxNode): void {
    for (const output of node.outputs)
      if (output !== '' && !this.values.has(output)) this.values.setBehind(output);
  }

  #refuse(node: OnnxNode, reason: string): void {
    this.values.refuse(node, reason);
    this.#unknown(node);
  }

  #constant(node: OnnxNode): void {
    const [output = ''] = node.outputs;
    const [[name, attribute] = []] = node.attributes;
    const dtype = name?.startsWith('value_float') === true ? 'float32' : 'int64';
    if (attribute?.type === 'tensor') this.addConstant(output, attribute.value, node);
    else if (attribute?.type === 'int' || attribute?.type === 'float')
      this.values.setConstant(output, tensorOf(dtype, [], [attribute.value]));
    else if (attribute?.type === 'ints' || attribute?.type === 'floats')
      this.values.setConstant(output, tensorOf(dtype, [attribute.value.length], attribute.value));
    else this.#refuse(node, 'holds text or a sparse tensor');
  }

  /** Goes through the branch that a constant condition takes; false if it is not constant. */
  #branch(node: OnnxNode, opset: number): boolean {
    if (node.domain !== '' || node.opType !== 'If') return false;
    const test = this.values.get(node.inputs[0] ?? '');
    if (test?.kind !== 'constant') return false;
    const graph: OnnxGraph | undefined = graphOf(
      node,
      numbers(test.constant.tensor)[0] === 0 ? 'else_branch' : 'then_branch',
    );
    if (!graph) throw this.#broken(node, 'it lacks a branch');
    const { nodes, initializers } = openedBranch(graph, node, opset, (name) =>
      this.values.has(name),
    );
    for (const { name, tensor } of initializers) this.addConstant(name, tensor);
    this.run(nodes);
    this.tally.add('branch');
    return true;
  }

  /** A tensor of the file; `node` is that which holds it, if one does. */
  addConstant(name: string, tensor: OnnxTensor, node?: OnnxNode): void {
    const { dtype } = tensor;
    const plain = tensor.shape.length > mostAxes ? undefined : plainTensor(tensor);
    if (plain) {
      this.#mayMake += 4 * plain.data.length;
      this.values.setConstant(name, plain, name, plainTypeOf(dtype));
      if (typeof dtype === 'string' && plain.dtype !== dtype) this.tally.add('half');
      return;
    }
    const holder = node ?? { ...unnamed, name, opType: 'initializer' };
    this.#refuse(
      { ...holder, outputs: [name] },
      tensor.shape.length > mostAxes
        ? `has more than ${mostAxes} axes`
        : `holds ${schemaName(dtype)}, which is not imported`,
    );
  }

  /** A node in its newest form. */
  #settle(node: OnnxNode): void {
    const dropped = dropping(node, this.values, this.tally);
    if (dropped !== undefined) {
      this.values.alias(node.outputs[0] ?? '', dropped);
      for (const output of node.outputs.slice(1)) if (output !== '') this.values.setBehind(output);
      return;
    }
    if (this.#fold(node) || this.#sizes(node)) return;
    this.#state(node);
  }

  /** Evaluates a node of constants. */
  #fold(node: OnnxNode): boolean {
    const entries = node.inputs.map((name) => (name === '' ? undefined : this.values.get(name)));
    const evaluator = knownDomains.has(node.domain) ? evaluators[node.opType] : undefined;
    const isConstant = entries.every((entry) => entry === undefined || entry.kind === 'constant');
    if (!evaluator || !isConstant) return false;
    const constants = entries.map((entry) => (entry?.kind === 'constant' ? entry : undefined));
    const inputs = constants.map((entry) => entry?.constant.tensor);
    const [x] = inputs;
    if (!x) return false;
    const results = evaluator({ node, inputs, x, types: constants.map((entry) => entry?.type) });
    if (!results) return false;
    for (const { data } of results) if (data !== x.data) this.#made += data.length;
    if (this.#made > this.#mayMake) {
      this.#refuse(node, 'makes constants that are much larger than the weights of the file');
      return true;
    }
    const source = weightOf(node, constants);
    for (const [i, output] of node.outputs.entries()) {
      const result = results[i];
      if (output === '') continue;
      if (!result) {
        this.values.setBehind(output);
        continue;
      }
      const type =
        node.opType === 'QuantizeLinear' ? (constants[2]?.type ?? 'uint8') : plainType(result);
      const name = results.length === 1 ? (source ?? output) : output;
      this.values.setConstant(output, result, name, type);
    }
    return true;
  }

  /** Computes with sizes, of which the batch may be one. */
  #sizes(node: OnnxNode): boolean {
    const kinds = node.inputs.map((name) =>
      name === '' ? undefined : this.values.get(name)?.kind,
    );
    const asks = node.opType === 'Shape' || node.opType === 'Size';
    const onlySizes = kinds.includes('sizes') && !kinds.includes('value');
    if (node.domain !== '' || !(asks || (onlySizes && node.opType !== 'Expand'))) return false;
    const [output = ''] = node.outputs;
    const known = evaluate(this.values.table, node);
    const [shape] = this.#shapes(node) ?? [];
    if (!known || !shape?.every((dim) => typeof dim === 'number')) {
      this.#refuse(node, 'computes with the size of the batch');
      return true;
    }
    const { elements, real } = known;
    const plain = elements.flatMap((dim) => (typeof dim === 'number' ? [dim] : []));
    if (plain.length === elements.length)
      this.values.setConstant(output, tensorOf(real ? 'float32' : 'int64', shape, plain));
    else if (elements.some((dim) => typeof dim !== 'number' && dim.symbol !== batchDim.symbol))
      this.#refuse(node, 'computes with the size of the batch');
    else this.values.setSizes(output, shape, elements, real);
    for (const rest of node.outputs.slice(1)) if (rest !== '') this.values.setBehind(rest);
    return true;
  }

  #shapes(node: OnnxNode): readonly (Shape | undefined)[] | undefined {
    const { table } = this.values;
    const rule = knownDomains.has(node.domain) ? shapeRules[node.opType] : undefined;
    const x = table.shape(node.inputs[0]);
    const shapes = rule?.({ node, table, x });
    return node.opType === 'Resize'
      ? shapes?.map((shape) => shape && keepingBatch(shape, x))
      : shapes;
  }

  /** States a node; or says why it cannot be. */
  #state(given: OnnxNode): void {
    const { node, repeated } = fitBatch(given, this.values, this.fixed, this.tally);
    for (const { name, row, shape } of repeated) {
      const size = this.values.fresh(`${name}.size`);
      this.values.setSizes(size, [shape.length], shape, false);
      this.#state({ ...unnamed, opType: 'Expand', inputs: [row, size], outputs: [name] });
    }
    const operands = node.inputs.map((name) => this.#operand(name));
    const shapes = this.#resultShapes(node, operands);
    const types = this.#types(node);
    const outputs = node.outputs.map((output, i): PlainValue | undefined => {
      const [shape, dtype] = [shapes?.[i], dtypeOf(types[i])];
      if (output === '' || !shape) return undefined;
      if (dtype !== undefined) return { name: output, dtype, shape: plainShape(shape) };
      this.values.refuse(node, `makes values of the type ${types[i] ?? 'of none that is known'}`);
      return undefined;
    });
    if (this.values.isRefused(node)) {
      this.#unknown(node);
      return;
    }
    for (const [i, value] of outputs.entries())
      if (value) {
        this.values.setValue(value.name, value, types[i] ?? 'float', shapes?.[i]);
        this.values.makers.set(value, node.opType);
      }
    this.#unknown(node);
    const settled = settledBySize.get(node.opType);
    const plain = operands.map((operand) => (operand === 'sizes' ? undefined : operand));
    this.nodes.push({
      op: node.opType,
      domain: node.domain,
      name: this.#uniqueName(node),
      operands: plain.slice(0, settled ?? plain.length),
      attributes: settled === undefined ? node.attributes : without(node, ['allowzero', 'axes']),
      outputs,
    });
  }

  /** Shapes of a node's results, all of them known; it is refused if they are not. */
  #resultShapes(
    node: OnnxNode,
    operands: readonly (Operand | 'sizes' | undefined)[],
  ): readonly (Shape | undefined)[] | undefined {
    const reason = this.#reason(node, operands);
    const shapes =
      reason === undefined && node.opType === 'Reshape'
        ? reshapedTo(node, this.values, this.fixed, this.tally)
        : reason === undefined
          ? this.#shapes(node)
          : undefined;
    const wanted = node.outputs.map((output, i) => (output === '' ? undefined : shapes?.[i]));
    if (wanted[0] && wanted.every((shape) => !shape || plainShape(shape).every(isKnown)))
      return wanted;
    this.values.refuse(node, reason ?? 'makes a result whose size is not known');
    return undefined;
  }

  /** Why a node cannot be stated, whatever its size. */
  #reason(
    node: OnnxNode,
    operands: readonly (Operand | 'sizes' | undefined)[],
  ): string | undefined {
    if (!(node.opType in shapeRules) || !knownDomains.has(node.domain))
      return refusals[node.opType] ?? 'is not an operator that can be imported';
    if (operands.includes('sizes') && !settledBySize.has(node.opType))
      return 'computes with the size of the batch';
    if (
      !operands.includes('sizes') &&
      operands.every((one) => one === undefined || one === 'sizes' || one.kind === 'constant')
    )
      return 'makes a constant that is not computed here, or one that is too large';
    return mixesBatch(node, this.values.around(newest, this.fixed, this.tally));
  }

  #operand(name: string): Operand | 'sizes' | undefined {
    const entry = this.values.get(name);
    if (entry?.kind === 'constant') return { kind: 'constant', constant: entry.constant };
    if (entry?.kind === 'value') return { kind: 'value', value: entry.value };
    return entry?.kind === 'sizes' ? 'sizes' : undefined;
  }

  #types(node: OnnxNode): readonly (string | undefined)[] {
    const inputs = node.inputs.map((name) => {
      const entry = this.values.get(name);
      return entry && 'type' in entry ? entry.type : undefined;
    });
    if (node.opType === 'Cast') {
      const to = elementTypeOf(int(node, 'to', 1));
      return [to && plainTypeOf(to)];
    }
    const schema = findOperator(node.domain, node.opType, node.domain === '' ? newest : 1);
    return schema ? inferTypes(schema, node, inputs).outputs : node.outputs.map(() => inputs[0]);
  }

  #uniqueName(node: OnnxNode): string {
    const base = node.name || `${node.opType}_${this.nodes.length}`;
    let name = base;
    for (let i = 2; this.#names.has(name); i++) name = `${base}.${i}`;
    this.#names.add(name);
    return name;
  }
}

type ConstantEntry = Extract<Entry, { kind: 'constant' }>;

/** Name of the one weight that a constant is made of; undefined if there are several or none. */
function weightOf(
  { opType }: OnnxNode,
  constants: readonly (ConstantEntry | undefined)[],
): string | undefined {
  const given = /QuantizeLinear|DequantizeLinear/.test(opType) ? constants.slice(0, 1) : constants;
  const weights = given.filter(
    (entry) => entry && entry.constant.tensor.data.length > 1 && /float|int8/.test(entry.type),
  );
  return weights.length === 1 ? weights[0]?.constant.name : undefined;
}

/** Operators whose size lies in their result, and how many operands are left to them. */
const settledBySize: ReadonlyMap<string, number> = new Map([
  ['Reshape', 1],
  ['Expand', 1],
  ['Resize', 3],
]);

function without(node: OnnxNode, names: readonly string[]): PlainNode['attributes'] {
  return new Map([...node.attributes].filter(([name]) => !names.includes(name)));
}

function isKnown(dim: Dim): boolean {
  return typeof dim === 'number'
    ? Number.isSafeInteger(dim) && dim >= 0
    : dim.symbol === batchDim.symbol;
}

function nameOf(node: OnnxNode): string {
  return node.name || `${node.opType} that makes ${node.outputs[0] ?? 'nothing'}`;
}
