import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LabelRunSummary } from '../../src/selftrain/tasks/labelRun.js';
import { quartersImage } from '../data/fixtures.js';
import { gradusHere } from '../support/gradusHere.mjs';
import { gradusBin } from '../support/paths.js';

const folder = mkdtempSync(join(tmpdir(), 'gradus-labels-'));
const options = {
  cwd: folder,
  env: { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') },
  encoding: 'utf8',
} as const;
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function gradus(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [gradusBin, ...args], options);
  return { status, stdout, stderr };
}

/** The same in this process, which starts sooner. */
const here = (...args: string[]) => gradusHere(args, folder);

/** What a command prints with --json. */
async function json(...args: string[]): Promise<Partial<LabelRunSummary>> {
  const { status, stdout, stderr } = await here(...args, '--json');
  expect(stderr).not.toContain('error');
  expect(status).toBe(0);
  return JSON.parse(stdout) as Partial<LabelRunSummary>;
}

beforeAll(async () => {
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
  writeFileSync(
    join(folder, 'linear.model.ts'),
    `import { defineModel, flatten, image, linear } from 'gradus';
export default defineModel({
  name: 'linear', input: image(1, 28, 28), classes: 10,
  build: (x, { classes }) => linear(flatten(x), { name: 'fc', out: classes }),
});
`,
  );
  const config = {
    name: 'linear',
    model: './linear.model.ts',
    data: { kind: 'mnist', labelled: 1000, test: 200 },
    steps: 300,
    batch: 16,
    optimizer: { kind: 'sgd', learningRate: 0.05 },
    validation: { share: 0.3, every: 3 },
  };
  writeFileSync(join(folder, 'linear.json'), JSON.stringify(config));
  await json('train', 'linear.json');
});

describe('pseudo-labels from the command line', () => {
  it('are made in shards, audited, and chosen from', async () => {
    const labelled = await json(
      'label',
      'runs/linear',
      '--data',
      'mnist',
      '--out',
      'labels',
      '--shards',
      '2',
    );
    expect(labelled).toMatchObject({ images: 10_000, shards: 2, skipped: 0 });
    const { accuracy, images } = labelled.audit ?? { accuracy: 0, images: 0 };
    expect(images).toBe(300);
    expect(accuracy).toBeGreaterThan(0.6);
    const again = await here(
      'label',
      'runs/linear',
      '--data',
      'mnist',
      '--out',
      'labels',
      '--shards',
      '2',
    );
    expect(again.stdout).toContain('labels of mnist: all of 2 shards made before\n');
    expect(again.stdout).toMatch(
      /^accuracy on 300 held-out labelled images: [\d.]+ % \([\d.]+ to [\d.]+\), calibration/m,
    );
    const filtered = await here('filter', 'labels', '--per-class', '400', '--quiet');
    expect(filtered).toMatchObject({ status: 0 });
    expect(filtered.stdout).toMatch(
      /^class +labels +above +threshold +kept +copies +mean +precision\n/,
    );
    expect(filtered.stdout).toMatch(/^total +10,000 /m);
    expect(readdirSync(join(folder, 'labels')).sort()).toEqual([
      'audit.parquet',
      'classes.svg',
      'kept.parquet',
      'ledger.parquet',
      'sets',
      'shard-00001-of-00002.parquet',
      'shard-00002-of-00002.parquet',
    ]);
  });

  it('are given to a folder of images, of which unreadable ones are listed', async () => {
    const photos = join(folder, 'photos');
    mkdirSync(photos);
    await quartersImage().png().toFile(join(photos, 'a.png'));
    writeFileSync(join(photos, 'b.png'), 'no picture');
    const args = ['label', 'runs/linear', '--data', 'photos', '--audit', 'none'];
    expect(await json(...args, '--out', 'photo-labels')).toMatchObject({
      images: 1,
      unreadable: 1,
    });
    const list = readFileSync(join(folder, 'photo-labels', 'unreadable.jsonl'), 'utf8');
    expect(JSON.parse(list)).toMatchObject({ image: join(photos, 'b.png') });
  });

  it('are labelled anew, compared and looked at', async () => {
    const command = ['reassign', 'labels/kept.parquet', '--teacher', 'runs/linear'];
    const flags = ['--data', 'mnist', '--out', 'again/kept.parquet', '--temperature', '2'];
    const first = gradus(...command, ...flags);
    expect(first.stdout).toMatch(/^class +images +copies +precision\n/);
    expect(first.stdout).toContain('\n4,000 images labelled by linear, selected by linear\n');
    expect(first.stdout).toContain('\n0 changed class (0.00 %)\n');
    expect((await here(...command, ...flags)).stdout).toContain(
      'again/kept.parquet already exists, made from the same inputs',
    );
    const diff = await here(
      'labels',
      'diff',
      'labels',
      'again/ledger.parquet',
      '--csv',
      'changes.csv',
    );
    expect(diff.stdout).toMatch(/^0 of [\d,]+ images changed class \(0\.00 %\)$/m);
    expect(readFileSync(join(folder, 'changes.csv'), 'utf8')).toMatch(/^id,before,after,.*\n$/);
    const gallery = await here('labels', 'gallery', 'labels', '--data', 'mnist', '--out', 'g.html');
    expect(gallery.stdout).toMatch(/^g\.html: 240 images of 10 classes, \d+\.\d kB\n/);
    expect(readFileSync(join(folder, 'g.html'), 'utf8')).toContain('<h1>Labels of mnist</h1>');
  });

  it('explain what is wrong, with the exit code of bad data or wrong use', async () => {
    const low = gradus('filter', 'labels', '--threshold', '1', '--out', 'none.parquet');
    expect(low.status).toBe(4);
    expect(low.stderr).toContain('all 10000 labels lie below the threshold of 1');
    expect(existsSync(join(folder, 'none.parquet'))).toBe(false);
    const other = await here('label', 'runs/linear', '--data', 'mnist', '--out', 'labels');
    expect(other.status).toBe(4);
    expect(other.stderr).toContain('as one of 2 shards, not 1');
    const cats = await here('label', 'runs/linear', '--data', 'cats', '--out', 'l');
    expect(cats.stderr).toContain('data set cats not found');
    writeFileSync(join(folder, 'audit.csv'), 'path,label\nphotos/a.png,cat\n');
    const audit = ['label', 'runs/linear', '--data', 'mnist', '--out', 'l', '--audit', 'audit.csv'];
    expect((await here(...audit)).stderr).toContain('new: cat (line 2)');
    const shard = await here(
      'label',
      'runs/linear',
      '--data',
      'mnist',
      '--out',
      'l',
      '--shard',
      '0/8',
    );
    expect(shard.status).toBe(2);
    expect(shard.stderr).toContain('--shard cannot be "0/8"');
    expect((await here('filter', 'labels', '--threshold', 'high')).status).toBe(2);
  });
});
