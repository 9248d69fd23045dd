import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainingEvent } from '../../src/api/runTraining.js';
import { splitIndices } from '../../src/data/batches.js';
import { ArrayDataset } from '../../src/data/dataset.js';
import { mnist } from '../../src/data/mnist.js';
import { loadCheckpoint, resolveCheckpoint } from '../../src/runtime/checkpoint.js';
import { readMetrics } from '../../src/runtime/metrics.js';
import { runDemo, type DemoSummary } from '../../src/selftrain/demo.js';

const folder = mkdtempSync(join(tmpdir(), 'gradus-demo-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const steps = { teacher: 50, student: 8 };
const generations = ['teacher', 'student'] as const;
const [seed, out] = [7, join(folder, 'first')];
const events: TrainingEvent[] = [];
let summary: DemoSummary;

beforeAll(async () => {
  summary = await runDemo({ seed, out, steps, onEvent: (event) => events.push(event) });
}, 180_000);

/** The held-out digits, found again from the seed alone. */
function testDigits(): ArrayDataset {
  const digits = mnist({ cacheDir: join(out, 'data') });
  const sizes = [300, 7000, 500, digits.count - 7800];
  const [, , , test = new Uint32Array()] = splitIndices(digits.count, sizes, seed, 'demo.split');
  return new ArrayDataset({ ...digits, classes: 10 }).subset(test);
}

/** Share of images that a model in a file gets right, in a session of its own. */
async function accuracyOf(file: string, data: ArrayDataset): Promise<number> {
  const session = await InferenceSession.create(file);
  const pixels = new Float32Array(data.count * 784);
  for (let i = 0; i < data.count; i++) data.image(i, pixels.subarray(784 * i, 784 * (i + 1)));
  const feeds = { image: new Tensor('float32', pixels, [data.count, 1, 28, 28]) };
  const logits = (await session.run(feeds))['logits']?.data;
  let right = 0;
  for (let i = 0; i < data.count; i++) {
    const row = Array.from({ length: 10 }, (_, c) => Number(logits?.[10 * i + c]));
    right += Number(row.indexOf(Math.max(...row)) === data.label(i));
  }
  return right / data.count;
}

describe('the demo', () => {
  it('writes its result, with these keys', () => {
    const written = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')) as unknown;
    expect(written).toEqual(summary);
    expect(Object.keys(summary)).toEqual(['seed', 'teacher', 'student', 'seconds']);
    expect(summary.seed).toBe(seed);
    for (const name of generations) {
      expect(Object.keys(summary[name])).toEqual(['accuracy']);
      expect(summary[name].accuracy).toBeGreaterThan(0);
      expect(summary[name].accuracy).toBeLessThanOrEqual(1);
    }
    // Well above the 10 % of guessing, even in so few steps.
    expect(summary.teacher.accuracy).toBeGreaterThan(0.2);
  });

  it('leaves artifacts, checkpoints, metrics and the picture of the curves', () => {
    for (const name of generations) {
      const at = (...path: string[]): string => join(out, name, ...path);
      for (const file of ['manifest.json', 'train.onnx', 'infer.onnx', 'init.safetensors'])
        expect(existsSync(at('artifacts', file)), file).toBe(true);
      for (const file of ['infer.onnx', 'forward.onnx'])
        expect(existsSync(at('model', file)), file).toBe(true);
      expect(readdirSync(at('checkpoints'))).toContain(
        `step-${String(steps[name]).padStart(8, '0')}`,
      );
      expect(loadCheckpoint(resolveCheckpoint(at())).state.config).toEqual({ demo: name, seed });
      const records = [...readMetrics(at('metrics.jsonl'))];
      expect(records.filter(({ kind }) => kind === 'step')).toHaveLength(steps[name]);
      expect(records.at(-1)).toMatchObject({ kind: 'eval', step: steps[name] });
    }
    const curves = readFileSync(join(out, 'curves.svg'), 'utf8');
    expect(curves).toMatch(/^<svg[^]*teacher[^]*student[^]*<\/svg>\s*$/);
  });

  it('tells how it goes', () => {
    const begun = events.flatMap((event) => (event.kind === 'begin' ? [event.title] : []));
    expect(begun).toEqual(generations);
    const told = events.flatMap((event) => (event.kind === 'message' ? [event.text] : []));
    expect(told).toEqual([
      expect.stringMatching(/^kept \d+ of 7000 pseudo-labels \(\d+\.\d % right\)$/),
    ]);
    const evaluated = events.flatMap((event) => (event.kind === 'evaluation' ? [event.step] : []));
    expect(evaluated).toEqual([steps.teacher, steps.student]);
  });

  it.each(generations)('exports a %s that is as accurate as it says', async (name) => {
    const found = await accuracyOf(join(out, name, 'model', 'infer.onnx'), testDigits());
    // A digit on the border between two classes may fall the other way once batch norms are folded.
    expect(Math.abs(found - summary[name].accuracy)).toBeLessThan(2 / 2200);
  });

  it('takes the same steps for the same seed, and stops at the next one when it is interrupted', async () => {
    const abort = new AbortController();
    const again = join(folder, 'again');
    let student = false;
    const { interrupted } = await runDemo({
      seed,
      out: again,
      steps,
      signal: abort.signal,
      onEvent: (event) => {
        student ||= event.kind === 'begin' && event.title === 'student';
        if (student && event.kind === 'step' && event.step === 3) abort.abort();
      },
    });
    expect(interrupted).toBe(true);
    expect(existsSync(join(again, 'summary.json'))).toBe(false);
    expect(readdirSync(join(again, 'student/checkpoints'))).toContain('step-00000003');
    const records = (run: string, name: string) => [
      ...readMetrics(join(run, name, 'metrics.jsonl')),
    ];
    expect(records(again, 'teacher')).toEqual(records(out, 'teacher'));
    // Its losses are of the teacher's pseudo-labels.
    expect(records(again, 'student')).toEqual(records(out, 'student').slice(0, 3));
  }, 180_000);
});
