import type { OnnxFunction, OnnxGraph, OnnxModel, OnnxNode, OnnxValueInfo } from '../model.js';
import type { Dim, Shape } from '../../../support/shape.js';
import { evaluate } from './constantValues.js';
import { inOrder } from './nodeOrder.js';
import { shapeRules } from './shapeRules.js';
import { graphOf, int, isUnknown, unknownDim, ValueTable, type Body } from './valueTable.js';

/** Numbers in place of what a model leaves open. */
export interface GivenShapes {
  /** Shapes of inputs, by name. */
  readonly inputs?: ReadonlyMap<string, Shape>;
  /** Values of symbols, wherever the model names them. */
  readonly symbols?: ReadonlyMap<string, number>;
}

type Shapes = readonly (Shape | undefined)[];

/** Deepest nesting of functions and bodies; anything deeper has unknown shapes. */
const deepest = 64;

/** Shapes of a graph's values as far as they follow from inputs, weights and operators. */
export function inferShapes(model: OnnxModel, given: GivenShapes = {}): ValueTable {
  const table = new ValueTable();
  for (const [name, shape] of given.inputs ?? []) table.shapes.set(name, shape);
  const known = new Set(table.shapes.keys());
  const stated = model.graph.inputs.filter(({ name }) => !known.has(name));
  new Inference(model.functions, given.symbols ?? new Map()).graph(table, model.graph, stated);
  return table;
}

class Inference {
  #depth = 0;

  constructor(
    private readonly functions: readonly OnnxFunction[],
    private readonly symbols: ReadonlyMap<string, number>,
  ) {}

  /** Shapes of a graph's values; those of `inputs` are taken from the file. */
  graph(table: ValueTable, graph: OnnxGraph, inputs: readonly OnnxValueInfo[]): void {
    const stated = new Map<string, Shape>();
    for (const { name, shape } of [...graph.valueInfo, ...graph.outputs])
      if (shape) stated.set(name, shape.map(this.#resolved));
    for (const { name, shape } of inputs)
      if (shape) table.shapes.set(name, shape.map(this.#resolved));
    for (const { name, tensor } of graph.initializers) table.constant(name, tensor);
    this.#nodes(table, graph.nodes, stated);
  }

  readonly #resolved = (dim: Dim): Dim => {
    if (typeof dim === 'number') return dim;
    const value = this.symbols.get(dim.symbol);
    return value === undefined ? dim : value * dim.factor;
  };

  #nodes(
    table: ValueTable,
    nodes: readonly OnnxNode[],
    stated: ReadonlyMap<string, Shape> = new Map(),
  ): void {
    if (this.#depth > deepest) return;
    this.#depth++;
    for (const node of inOrder(nodes)) {
      const shapes = this.#shapesOf(table, node);
      node.outputs.forEach((output, i) => {
        const shape = settled(stated.get(output) ?? table.shapes.get(output), shapes?.[i]);
        if (output !== '' && shape !== undefined) table.shapes.set(output, shape);
      });
      const [output] = node.outputs;
      const known = output === undefined ? undefined : evaluate(table, node);
      if (output !== undefined && known) table.known.set(output, known);
    }
    this.#depth--;
  }

  #shapesOf(table: ValueTable, node: OnnxNode): Shapes | undefined {
    const called = this.functions.find(
      (fn) => fn.name === node.opType && fn.domain === node.domain,
    );
    if (called) return this.#call(table, node, called);
    switch (node.opType) {
      case 'Constant':
        inferConstant(table, node);
        return undefined;
      case 'If':
        return this.#branches(table, node);
      case 'Loop':
        return this.#loop(table, node);
      case 'Scan':
        return this.#scan(table, node);
      default:
        return rulesOf(node.domain)[node.opType]?.({
          node,
          table,
          x: table.shape(node.inputs[0]),
        });
    }
  }

  #call(outer: ValueTable, node: OnnxNode, called: OnnxFunction): Shapes {
    const table = new ValueTable();
    called.inputs.forEach((input, i) => {
      copyValue(outer, node.inputs[i], table, input);
    });
    this.#nodes(table, called.nodes);
    outer.bodies.set(node, [{ nodes: called.nodes, initializers: [], table, times: 1 }]);
    return called.outputs.map((output) => table.shape(output));
  }

  #branches(outer: ValueTable, node: OnnxNode): Shapes {
    const [test] = outer.numbers(node.inputs[0]) ?? [];
    const bodies: Body[] = [];
    const results: Shapes[] = [];
    for (const [name, when] of [
      ['then_branch', true],
      ['else_branch', false],
    ] as const) {
      const graph = graphOf(node, name);
      if (!graph) continue;
      const table = new ValueTable(outer);
      this.graph(table, graph, []);
      const taken = test === undefined ? undefined : Number((test !== 0) === when);
      bodies.push({ ...graph, table, times: taken });
      if (taken === 0) continue;
      results.push(graph.outputs.map((output) => table.shape(output.name)));
      if (taken === 1)
        graph.outputs.forEach((output, i) => {
          copyValue(table, output.name, outer, node.outputs[i]);
        });
    }
    outer.bodies.set(node, bodies);
    const [first = [], ...others] = results;
    return others.reduce((a, b) => a.map((shape, i) => common(shape, b[i])), first);
  }

  #loop(outer: ValueTable, node: OnnxNode): Shapes {
    const body = graphOf(node, 'body');
    if (!body) return [];
    const [, , ...states] = node.inputs;
    const [most] = outer.numbers(node.inputs[0]) ?? [];
    const [begin = 1] = node.inputs[1] ? (outer.numbers(node.inputs[1]) ?? [NaN]) : [];
    const [index, going, ...carried] = body.inputs.map(({ name }) => name);
    const { table, results } = this.#repeated(
      outer,
      body,
      carried,
      states.map((name) => outer.shape(name)),
      (inner) => {
        for (const name of [index, going]) if (name) inner.shapes.set(name, []);
        if (going) inner.known.set(going, { elements: [1], real: false });
      },
      1,
    );
    const goesOn = table.numbers(body.outputs[0]?.name)?.[0] === 1;
    const times = begin === 0 ? 0 : begin === 1 && goesOn ? most : undefined;
    outer.bodies.set(node, [{ ...body, table, times }]);
    return results.map((shape, i) =>
      i < states.length ? shape : shape && [times ?? unknownDim, ...shape],
    );
  }

  #scan(outer: ValueTable, node: OnnxNode): Shapes {
    const body = graphOf(node, 'body');
    if (!body) return [];
    const count = node.inputs.length - int(node, 'num_scan_inputs', 0);
    const scanned = node.inputs.slice(count).map((name) => outer.shape(name));
    const names = body.inputs.map(({ name }) => name);
    const first = scanned[0]?.[0];
    // Along another axis than the first, or backwards: rare enough to stay unknown.
    const plain = node.attributes.get('scan_input_axes') === undefined;
    const { table, results } = this.#repeated(
      outer,
      body,
      names.slice(0, count),
      node.inputs.slice(0, count).map((name) => outer.shape(name)),
      (inner) => {
        if (plain)
          for (const [i, shape] of scanned.entries())
            if (shape) inner.shapes.set(names[count + i] ?? '', shape.slice(1));
      },
      0,
    );
    const times = plain && typeof first === 'number' ? first : undefined;
    outer.bodies.set(node, [{ ...body, table, times }]);
    return results.map((shape, i) =>
      i < count ? shape : shape && [first ?? unknownDim, ...shape],
    );
  }

  /** Runs a body until the shapes of its state stay as they are; `skip` outputs are not results. */
  #repeated(
    outer: ValueTable,
    body: OnnxGraph,
    names: readonly string[],
    begin: Shapes,
    prepare: (table: ValueTable) => void,
    skip: number,
  ): { table: ValueTable; results: Shapes } {
    let states = begin;
    for (let round = 0; ; round++) {
      const table = new ValueTable(outer);
      prepare(table);
      for (const [i, name] of names.entries()) {
        const shape = states[i];
        if (shape) table.shapes.set(name, shape);
      }
      this.graph(table, body, []);
      const results = body.outputs.slice(skip).map(({ name }) => table.shape(name));
      const next = states.map((shape, i) => common(shape, results[i]));
      const stable = next.every((shape, i) => JSON.stringify(shape) === JSON.stringify(states[i]));
      if (stable || round > 2) return { table, results: [...next, ...results.slice(next.length)] };
      states = next;
    }
  }
}

/** Domains whose operators have a meaning that is known here. */
const domains: ReadonlySet<string> = new Set(['', 'com.microsoft', 'com.microsoft.nchwc']);

function rulesOf(domain: string): typeof shapeRules {
  return domains.has(domain) || domain === 'com.ms.internal.nhwc' ? shapeRules : {};
}

/**
 * Prefers the shape a rule finds to the one in the file, which a changed batch may have made stale.
 */
function settled(stated: Shape | undefined, ruled: Shape | undefined): Shape | undefined {
  if (!stated || !ruled) return stated ?? ruled;
  if (stated.length !== ruled.length) return ruled.some(isUnknown) ? stated : ruled;
  return ruled.map((dim, i): Dim => {
    const said = stated[i] ?? dim;
    return typeof dim === 'number' || (typeof said !== 'number' && !isUnknown(dim)) ? dim : said;
  });
}

/** The shape of a value that has one of two shapes. */
function common(a: Shape | undefined, b: Shape | undefined): Shape | undefined {
  if (!a || !b || a.length !== b.length) return undefined;
  return a.map((dim, i) => (JSON.stringify(dim) === JSON.stringify(b[i]) ? dim : unknownDim));
}

function copyValue(
  from: ValueTable,
  name: string | undefined,
  to: ValueTable,
  as: string | undefined,
): void {
  if (as === undefined || as === '') return;
  const [shape, elements] = [from.shape(name), from.elements(name)];
  if (shape) to.shapes.set(as, shape);
  if (elements) to.known.set(as, elements);
}

/** A constant's value may be an attribute of the function around it, which has a type but no value. */
function inferConstant(table: ValueTable, node: OnnxNode): void {
  const [output] = node.outputs;
  if (output === undefined) return;
  for (const attribute of node.attributes.values()) {
    const type = attribute.type === 'ref' ? attribute.of : attribute.type;
    if (attribute.type === 'tensor') table.constant(output, attribute.value);
    if (['int', 'float', 'string'].includes(type)) table.shapes.set(output, []);
    if (attribute.type === 'int' || attribute.type === 'float')
      table.known.set(output, { elements: [attribute.value], real: attribute.type === 'float' });
    if (attribute.type === 'ints' || attribute.type === 'floats') {
      table.shapes.set(output, [attribute.value.length]);
      table.known.set(output, { elements: attribute.value, real: attribute.type === 'floats' });
    }
  }
}
