/**
 * npm exec tsx bench/openSets.ts -- OLD NEW [turns]: the time that two built checkouts take to open a
 * folder of 100,000 images and a list of a million lines, in turn, and to look at the folder's files.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { round, spread } from '../src/support/statistics/spread.js';
import { report } from './statistics.js';

const [old = '', fresh = '.', turns = '5'] = process.argv.slice(2);
const data = join(tmpdir(), 'gradus-bench-sets');
const [classes, each, lines] = [100, 1000, 1_000_000];

/** Files that begin as a JPEG; no one decodes them. */
function makeData(): void {
  if (existsSync(join(data, 'list.csv'))) return;
  const names = Array.from({ length: classes }, (_, i) => `class-${String(i).padStart(3, '0')}`);
  const paths = names.flatMap((name) =>
    Array.from({ length: each }, (_, i) => [`images/${name}/photo-${i}.jpg`, name] as const),
  );
  for (const name of names) mkdirSync(join(data, 'images', name), { recursive: true });
  for (const [path] of paths) writeFileSync(join(data, path), `\xff\xd8\xff${path}`, 'latin1');
  const rows = Array.from({ length: lines }, (_, i) => paths[i % paths.length]?.join(',') ?? '');
  writeFileSync(join(data, 'list.csv'), `path,label\n${rows.join('\n')}\n`);
}

function measure(checkout: string, kind: string, name: string) {
  const script = fileURLToPath(new URL('openOnce.mjs', import.meta.url));
  const out = execFileSync(process.execPath, [script, checkout, kind, join(data, name)]);
  return JSON.parse(String(out)) as { milliseconds: number; cpu: number; memory: number };
}

/** Both checkouts one after the other, so that what else the machine does meets both. */
function paired(kind: string, name: string): object {
  const pairs = Array.from({ length: Number(turns) }, (_, turn) => {
    const order = turn % 2 === 0 ? [old, fresh] : [fresh, old];
    const found = new Map(order.map((checkout) => [checkout, measure(checkout, kind, name)]));
    const [before, after] = [found.get(old), found.get(fresh)];
    const row = {
      ...{ before: before?.milliseconds ?? NaN, after: after?.milliseconds ?? NaN },
      ...{ cpuBefore: before?.cpu ?? NaN, cpuAfter: after?.cpu ?? NaN },
    };
    const megabytes = [before, after].map((own) => Math.round((own?.memory ?? 0) / 2 ** 20));
    process.stderr.write(`${kind} ${JSON.stringify(row)} ${megabytes.join(' and ')} MB\n`);
    return row;
  });
  return {
    before: round(middle(pairs.map(({ before }) => before))),
    after: round(middle(pairs.map(({ after }) => after))),
    ratio: round(middle(pairs.map(({ before, after }) => after / before))),
    // Of processor time, which other programs on the machine disturb less.
    cpuRatio: round(middle(pairs.map(({ cpuBefore, cpuAfter }) => cpuAfter / cpuBefore))),
  };
}

function middle(values: readonly number[]): number {
  return spread(values).median;
}

makeData();
const folder = paired('folder', 'images');
const list = paired('list', 'list.csv');
const looks = Array.from({ length: 3 }, () => measure(fresh, 'stat', 'images').milliseconds);
report('openSets', { folder, list, statMilliseconds: round(middle(looks)) }, { keep: false });
