import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchModel, type BenchResult } from '../../../src/tools/measure/bench.js';
import { scaffold } from '../../../src/cli/scaffold.js';
import { measure } from '../../../src/runtime/threads/benchProcess.js';

const folder = mkdtempSync(join(tmpdir(), 'gradus-bench-test-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The scaffolded network, whose calls have lines. */
const digits = join(folder, 'run/digits.model.ts');
scaffold(join(folder, 'run'));

const sum = (shares: readonly { readonly share: number }[]): number =>
  shares.reduce((total, { share }) => total + share, 0);

describe('a bench of training steps', () => {
  let result: BenchResult;
  const phases: string[] = [];

  beforeAll(async () => {
    const onPhase = (phase: string) => phases.push(phase);
    const options = { batch: 8, steps: 6, threads: 1, onPhase };
    result = await benchModel(digits, options);
  });

  it('gives the figures that scripts read', () => {
    expect(result).toMatchObject({ name: 'digits', mode: 'train', device: 'cpu', batch: 8 });
    expect(result.stepSpread.count).toBe(6);
    expect(result.imagesPerSecond).toBeCloseTo(8000 / result.stepMilliseconds, -1);
    expect(result.outsideRunShare).toBeGreaterThan(0);
    expect(result.outsideRunShare).toBeLessThan(1);
    // Node and onnxruntime alone take 60 MB.
    expect(result.peakRssBytes).toBeGreaterThan(60e6);
    expect(result.peakRssBytes).toBeLessThan(500e6);
  });

  it('parts the time of the nodes by operator and by layer', () => {
    expect(sum(result.operators)).toBeCloseTo(1);
    expect(sum(result.layers)).toBeCloseTo(1);
    expect(result.operators.map(({ operator }) => operator)).toContain('Conv');
    expect(result.layers.map(({ layer }) => layer)).toContain('optimizer');
  });

  it('names the line of a layer, and what of its time is the backward pass', () => {
    const stem = result.layers.find(({ layer }) => layer === 'stem.conv');
    expect(stem?.source).toMatch(/digits\.model\.ts:11:9$/);
    expect(stem?.backwardMilliseconds).toBeGreaterThan(0);
    expect(stem?.backwardMilliseconds).toBeLessThan(stem?.milliseconds ?? 0);
  });

  it('times other steps than it profiles', () => {
    expect(phases.map((phase) => phase.replace(/in .* s;/, 'in some time;'))).toEqual([
      expect.stringMatching(/^device auto takes \w+: /),
      'compiled digits in some time; timing steps',
      'timed 6 steps; profiling 5 more',
    ]);
  });

  it('of which several are one run gives figures of one step, and their number in a run', async () => {
    const said: string[] = [];
    const onPhase = (phase: string) => said.push(phase);
    const options = { batch: 8, steps: 12, threads: 1, device: 'cpu', onPhase } as const;
    const several = await benchModel(digits, { ...options, stepsPerRun: 4 });
    expect([result.stepsPerRun, several.stepsPerRun]).toEqual([1, 4]);
    expect(several.stepSpread.count).toBe(3);
    expect(said.at(-1)).toBe('timed 3 runs of 4 steps; profiling one more');
    expect(several.imagesPerSecond).toBeCloseTo(8000 / several.stepMilliseconds, -1);
    expect(several.outsideRunShare).toBeLessThan(1);
    // The nodes of one step, and those that gather what it is given from a stack; not the loop around them.
    const nodes = (all: BenchResult) => all.operators.reduce((n, own) => n + own.nodes, 0);
    expect(several.operators.map(({ operator }) => operator)).not.toContain('Loop');
    expect(sum(several.operators)).toBeCloseTo(1);
    expect(nodes(several)).toBeGreaterThan(nodes(result));
    expect(nodes(several)).toBeLessThan(1.2 * nodes(result));
  });
});

describe('a bench of labelling', () => {
  it('finds the lines of nodes that onnxruntime changed', async () => {
    const result = await benchModel(digits, { mode: 'label', batch: 4, steps: 5, threads: 1 });
    expect(result).toMatchObject({ mode: 'label', batch: 4 });
    const stem = result.layers.find(({ layer }) => layer === 'stem.conv');
    expect(stem?.source).toMatch(/digits\.model\.ts:11:9$/);
    expect(result.layers.every(({ backwardMilliseconds }) => backwardMilliseconds === 0)).toBe(
      true,
    );
  });
});

describe('the process that is measured', () => {
  it('hands on what goes wrong in it', async () => {
    const manifest = { name: 'm', batch: 1, classes: 2, image: [1, 2, 2], artifacts: {} } as never;
    const request = { mode: 'train', manifest, folder: '/none', warmUp: 0, steps: 1, seconds: 0 };
    await expect(measure(request as never)).rejects.toMatchObject({
      name: 'ArtifactError',
      code: 'artifact-missing',
    });
  });
});
