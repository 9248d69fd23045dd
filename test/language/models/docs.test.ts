import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { shippedModels } from '../../../src/language/models/index.js';
import { repositoryRoot } from '../../support/paths.js';
import { multiplyAdds, parameterCount, traced } from './measure.js';

const rows = readFileSync(`${repositoryRoot}/docs/names.md`, 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()));

describe('docs/names.md', () => {
  it.each(shippedModels)('tells the size, rates and counts of $name', ({ name, model }) => {
    const found = traced(model);
    const numbers = [
      String(found.imageShape[1]),
      String(model.classes),
      String(model.drop),
      String(model.dropPath),
      parameterCount(found).toLocaleString('en-US'),
      multiplyAdds(found).toLocaleString('en-US'),
    ];
    const listed = rows.filter(
      (cells) => cells.length === 9 && cells[1]?.split(', ').includes(`\`${name}\``),
    );
    expect(listed.map((cells) => cells.slice(2, -1))).toEqual([numbers]);
  });
});
