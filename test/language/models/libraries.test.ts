import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { translateName, type ShippedModel } from '../../../src/language/models/index.js';
import type { NameSet, Traced } from '../../../src/language/nn/index.js';
import { constantOf } from '../../../src/compiler/ops/constant.js';
import { repositoryRoot } from '../../support/paths.js';
import { dropRates, multiplyAdds, parameterCount, shippedModel, traced } from './measure.js';
import { namedValue } from '../../support/namedValue.js';

interface Row {
  readonly name: string;
  readonly library: NameSet;
  readonly size: number;
  readonly parameters: number;
  readonly multiplyAdds: number;
  readonly epsilon: number;
  readonly momentum: number;
  readonly tensors: number;
  readonly sha256: string;
  readonly dropRates?: readonly number[];
}

const read = (file: string): unknown =>
  JSON.parse(readFileSync(join(repositoryRoot, 'test/goldens/libraries', file), 'utf8'));
const { models } = read('models.json') as { models: readonly Row[] };
const names = read('names.json') as Readonly<Record<string, readonly string[]>>;

/** Sorted `name [shape]` of all tensors in the names of a library. */
function linesOf(shipped: ShippedModel, library: NameSet): string[] {
  const { params, buffers } = traced(shipped.model);
  return [...params, ...buffers]
    .map(({ name, shape }) => `${translateName(name, shipped, library)} [${shape.join(',')}]`)
    .sort();
}

const sha256 = (lines: readonly string[]): string =>
  createHash('sha256').update(lines.join('\n')).digest('hex');

/** Epsilon and momentum, which all normalisations of a network must share. */
function normStyle({ graph, buffers }: Traced): { epsilon: number; momentum: number } {
  const epsilons = graph.nodes
    .filter(({ op }) => op.name === 'batchNormTrain')
    .map(({ attrs }) => attrs['epsilon']);
  const momenta = buffers.map(({ name }) => {
    const share = namedValue(graph, `new.${name}`).producer?.inputs[1]?.producer?.inputs[1]
      ?.producer;
    return share ? constantOf(share.attrs).data[0] : undefined;
  });
  expect([new Set(epsilons).size, new Set(momenta).size]).toEqual([1, 1]);
  return { epsilon: Number(epsilons[0]), momentum: Number(momenta[0]) };
}

describe.each(models)('$name beside $library', (row) => {
  const shipped = shippedModel(row.name);

  it('has the same counts at the same resolution', () => {
    const found = traced(shipped.model);
    expect(found.imageShape).toEqual([3, row.size, row.size]);
    expect(parameterCount(found)).toBe(row.parameters);
    expect(multiplyAdds(found)).toBe(row.multiplyAdds);
  });

  it('has the same names and shapes', () => {
    const lines = linesOf(shipped, row.library);
    expect(lines).toHaveLength(row.tensors);
    expect(lines).toEqual(names[row.name] ?? lines);
    expect(sha256(lines)).toBe(row.sha256);
  });

  it('normalises the same way', () => {
    const { epsilon, momentum } = normStyle(traced(shipped.model, { mode: 'train', batch: 2 }));
    expect(epsilon).toBe(row.epsilon);
    expect(momentum).toBeCloseTo(row.momentum, 6);
  });
});

describe.each(models.filter(({ dropRates }) => dropRates))('$name beside $library', (row) => {
  it('drops the same branches at the same rates', () => {
    expect(dropRates(traced(shippedModel(row.name).model))).toEqual(row.dropRates);
  });
});
