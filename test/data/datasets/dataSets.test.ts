import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defineDataSet } from '../../../src/data/datasets/dataSet.js';
import { dataSets, findWholeSet } from '../../../src/data/datasets/index.js';
import { mnist } from '../../../src/data/datasets/mnist.js';

const root = join(import.meta.dirname, '../../../src');
const folder = join('data', 'datasets');

/** To add a data set: its file in src/data/datasets, and its line in index.ts. */
describe('a data set', () => {
  it('is a file that defines it, and a line in the index', () => {
    const defining = readdirSync(join(root, folder))
      .filter((file) => file.endsWith('.ts') && file !== 'dataSet.ts')
      .filter((file) => readFileSync(join(root, folder, file), 'utf8').includes('defineDataSet({'));
    expect(defining.toSorted()).toEqual(dataSets.map(({ name }) => `${name}.ts`).toSorted());
  });

  it('is named nowhere else', () => {
    const names = dataSets.map(({ name }) => name).join('|');
    // As a word of a text or a comment; `mnist.name` and an import are not.
    const literal = new RegExp(String.raw`(?<![\w./{$-])(?:${names})(?![\w.]| \})`);
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
    const elsewhere = files
      .filter((file) => file.endsWith('.ts') && !file.startsWith(folder))
      .flatMap((file) => {
        const lines = readFileSync(join(root, file), 'utf8').split('\n');
        return lines.filter((line) => literal.test(line)).map((line) => `${file}: ${line.trim()}`);
      });
    expect(elsewhere).toEqual([]);
  });

  it('has every member', () => {
    const { read: _, ...rest } = mnist;
    // @ts-expect-error A set that cannot be read is none.
    defineDataSet(rest);
    for (const { name, summary, licence, classes, files, splits } of dataSets) {
      expect(name).toMatch(/^[a-z][a-z0-9]*$/);
      expect([summary, licence]).not.toContain('');
      expect(new Set(classes).size).toBeGreaterThan(1);
      const used = Object.values(splits()).map(({ file }) => file);
      expect([...new Set(used)].toSorted()).toEqual(Object.keys(files).toSorted());
    }
  });

  it('may be named whole, with or without a folder', () => {
    for (const spec of ['mnist', 'mnist:', 'mnist:a:b']) expect(findWholeSet(spec)).toBe(mnist);
    for (const spec of ['cifar10', 'mnist2', 'data/mnist'])
      expect(findWholeSet(spec)).toBeUndefined();
  });
});
