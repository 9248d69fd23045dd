import { ArtifactError } from '../../../support/errors.js';
import { nearest } from '../../../support/nearest.js';
import { formatShape } from '../../../support/shape.js';
import { fedInputs, type OnnxModel, type OnnxValueInfo } from '../../onnx/model.js';
import { readBy } from '../../onnx/shapes/nodeOrder.js';
import type { PlainGraph, PlainNode, PlainValue } from '../plainGraph.js';
import { imageShape, type ImageSize } from './image.js';
import { openedNodes, type Opened } from './inline.js';
import { scaledWeights } from './scales.js';
import { Tally } from './tally.js';
import { dtypeOf, plainTypeOf, Values } from './values.js';
import { Walk } from './walk.js';

export interface PlainOptions {
  /** Height and width of the images, in pixels, if the file leaves them open. */
  readonly size?: ImageSize | undefined;
  /** Name of the file, for messages. */
  readonly file?: string | undefined;
  /** Name of the value that becomes the only output. */
  readonly cut?: string | undefined;
}

/** Opsets that are read. */
const [oldest, newest] = [7, 26];

/**
 * Makes a foreign graph plain. What cannot be imported is told in `obstacles`, all of it; a file that is
 * broken, or leaves sizes open that are not given, is an ArtifactError.
 */
export function plainGraph(model: OnnxModel, options: PlainOptions = {}): PlainGraph {
  const file = options.file ?? 'the model';
  checkOpset(model, file);
  const opened = openedNodes(model, file);
  const wanted = outputNames(model, opened, options.cut, file);
  const { nodes, read } = needed(opened, wanted);
  const values = new Values();
  const tally = new Tally();
  const notes: string[] = [];
  const inputs = fedInputs(model.graph).filter(({ name }) => read.has(name));
  const image = inputs.find(isImage) ?? inputs[0];
  if (!image)
    throw new ArtifactError(`${file} has no input that its outputs depend on`, {
      code: 'onnx-graph',
      where: file,
    });
  const { shape, fixed } = isImage(image)
    ? imageShape(image, options.size, file)
    : { shape: [], fixed: undefined };
  const input: PlainValue = { name: image.name, dtype: 'float32', shape };
  for (const other of inputs) {
    if (other === image && isImage(image)) values.setValue(image.name, input, 'float');
    else {
      values.obstacles.push({ op: 'input', node: other.name, reason: describeInput(other) });
      values.setBehind(other.name);
    }
  }
  if (image.dtype !== undefined && dtypeOf(plainTypeOf(image.dtype)) !== 'float32')
    notes.push(`the image ${image.name} has whole numbers in the file, and is read as float32`);
  if (fixed !== undefined) notes.push(`the batch, which the file fixes to ${fixed}, was freed`);
  const walk = new Walk(values, tally, file, fixed);
  for (const { name, tensor } of model.graph.initializers)
    if (read.has(name)) walk.addConstant(name, tensor);
  walk.run(nodes);
  const outputs = wanted.flatMap((name) => {
    const entry = values.get(name);
    if (entry?.kind === 'value') return [{ name, value: entry.value }];
    if (entry?.kind === 'constant' || entry?.kind === 'sizes')
      notes.push(`the output ${name} does not depend on the images, and was left out`);
    return [];
  });
  if (outputs.length === 0 && values.obstacles.length === 0)
    throw new ArtifactError(`${file}: no output depends on the images`, {
      code: 'onnx-graph',
      where: file,
    });
  const made = new Set(outputs.map(({ value }) => value));
  return {
    ...finished(input, scaledWeights(walk.nodes, walk.products, made), outputs),
    notes: [...notes, ...tally.sentences()],
    obstacles: values.obstacles,
    behind: walk.behind,
  };
}

function isImage({ shape, dtype }: OnnxValueInfo): boolean {
  if (shape?.length !== 4 || dtype === undefined) return false;
  return dtypeOf(plainTypeOf(dtype)) === 'float32' || dtype === 'uint8';
}

function describeInput({ shape, dtype, otherType }: OnnxValueInfo): string {
  if (otherType) return 'is a sequence, a map or another value that is no tensor';
  if (!shape) return 'does not say its shape';
  const type = dtype === undefined ? '' : `${plainTypeOf(dtype)} `;
  return `is ${type}${formatShape(shape)}, where one image is taken`;
}

function checkOpset({ opsets }: OnnxModel, file: string): void {
  const opset = opsets.find(({ domain }) => domain === '')?.version;
  if (opset !== undefined && opset >= oldest && opset <= newest) return;
  throw new ArtifactError(
    `${file} is of ONNX's operator set ${opset ?? '(none)'}, and ${oldest} to ${newest} are read`,
    {
      code: 'onnx-opset',
      where: file,
      hint: 'convert it with onnx.version_converter, or export it anew',
    },
  );
}

/** Names of the values to compute: the file's outputs, or the one to cut at. */
function outputNames(
  { graph }: OnnxModel,
  opened: readonly Opened[],
  cut: string | undefined,
  file: string,
): string[] {
  if (cut === undefined) return graph.outputs.map(({ name }) => name);
  const names = opened.flatMap(({ node }) => node.outputs).filter((name) => name !== '');
  if (names.includes(cut)) return [cut];
  const close =
    nearest(cut, names) ?? opened.find(({ node }) => node.name === cut)?.node.outputs[0];
  throw new ArtifactError(`${file} makes no value named ${cut}`, {
    code: 'onnx-cut',
    where: file,
    option: ['cut'],
    hint:
      close === undefined
        ? `its last ones are ${names.slice(-3).join(', ')}`
        : `did you mean ${close}?`,
  });
}

/** The nodes that some values depend on, and the names of all that these read. */
function needed(
  opened: readonly Opened[],
  wanted: readonly string[],
): { readonly nodes: readonly Opened[]; readonly read: ReadonlySet<string> } {
  const makers = new Map<string, Opened>();
  for (const one of opened)
    for (const output of one.node.outputs) if (output !== '') makers.set(output, one);
  const read = new Set<string>();
  const alive = new Set<Opened>();
  const stack = [...wanted];
  for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
    if (read.has(name)) continue;
    read.add(name);
    const maker = makers.get(name);
    if (!maker || alive.has(maker)) continue;
    alive.add(maker);
    stack.push(...readBy(maker.node));
  }
  return { nodes: opened.filter((one) => alive.has(one)), read };
}

/** The nodes that the outputs depend on; an output that a node makes has the file's name for it. */
function finished(
  input: PlainValue,
  nodes: readonly PlainNode[],
  outputs: readonly { readonly name: string; readonly value: PlainValue }[],
): Pick<PlainGraph, 'input' | 'outputs' | 'nodes'> {
  const alive = new Set(outputs.map(({ value }) => value));
  const kept: PlainNode[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((value) => value !== undefined && alive.has(value))) continue;
    kept.push(node);
    for (const operand of node.operands) if (operand?.kind === 'value') alive.add(operand.value);
  }
  const names = new Map<PlainValue, PlainValue>();
  for (const { name, value } of outputs)
    if (value !== input && !names.has(value))
      names.set(value, value.name === name ? value : { ...value, name });
  const named = (value: PlainValue): PlainValue => names.get(value) ?? value;
  return {
    input,
    outputs: outputs.map(({ value }) => named(value)),
    nodes: kept.toReversed().map((node) => ({
      ...node,
      operands: node.operands.map((operand) =>
        operand?.kind === 'value'
          ? { kind: 'value' as const, value: named(operand.value) }
          : operand,
      ),
      outputs: node.outputs.map((value) => value && (alive.has(value) ? named(value) : undefined)),
    })),
  };
}
