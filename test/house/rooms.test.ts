import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../support/paths.js';

const src = join(repositoryRoot, 'src');
const mostFiles = 25;
const largestShare = 0.08;
const mostNames = 11;

interface Folder {
  readonly path: string;
  readonly files: number;
  readonly lines: number;
}

/** Each folder of src/ with the files that lie in it directly. */
function folders(path = '.'): Folder[] {
  const entries = readdirSync(join(src, path), { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.ts'));
  const lines = files
    .map(({ name }) => readFileSync(join(src, path, name), 'utf8').split('\n').length - 1)
    .reduce((sum, count) => sum + count, 0);
  const below = entries
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => folders(join(path, name)));
  return [{ path, files: files.length, lines }, ...below];
}

const all = folders().filter(({ files }) => files > 0);
const total = all.reduce((sum, { lines }) => sum + lines, 0);

interface RuleSet {
  readonly forbidden: readonly { readonly name: string; readonly comment?: string }[];
}

describe('the house', () => {
  it(`has at most ${mostFiles} files side by side`, () => {
    expect(all.filter(({ files }) => files > mostFiles)).toEqual([]);
  });

  it(`keeps each folder's own files within ${largestShare * 100} % of the source`, () => {
    expect(all.filter(({ lines }) => lines > largestShare * total)).toEqual([]);
  });

  it(`has at most ${mostNames} names directly under src/`, () => {
    const wings = new Set(all.map(({ path }) => path.split('/')[0] ?? '').filter((w) => w !== '.'));
    const files = all.find(({ path }) => path === '.')?.files ?? 0;
    expect(wings.size + files).toBeLessThanOrEqual(mostNames);
  });

  it('describes every room of the dependency rules in docs/architecture.md', () => {
    const rules = createRequire(import.meta.url)(
      join(repositoryRoot, '.dependency-cruiser.cjs'),
    ) as RuleSet;
    const rooms = rules.forbidden
      .filter(({ name }) => name.startsWith('line-'))
      .map(({ comment = '' }) => comment.split(' ')[0] ?? '')
      .filter((room) => room !== 'generated' && !room.endsWith('.ts'));
    const table = readFileSync(join(repositoryRoot, 'docs/architecture.md'), 'utf8');
    const missing = rooms.filter((room) => {
      const [wing = '', name] = room.split('/');
      return !new RegExp(
        `^\\| ${name === undefined ? `${wing} ` : `\\w* *\\| ${name} `}`,
        'm',
      ).test(table);
    });
    expect(rooms.length).toBeGreaterThan(30);
    expect(missing).toEqual([]);
  });
});
