import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLabelledSet } from '../../../src/data/datasets/openSets.js';
import { splitIndices } from '../../../src/data/loader/batches.js';
import { subsetOf, type LabelledImages } from '../../../src/data/sets/images.js';
import { loadCheckpoint, resolveCheckpoint } from '../../../src/runtime/storage/checkpoint.js';
import { readMetrics } from '../../../src/runtime/storage/metrics.js';
import { runDemo, type DemoResult } from '../../../src/selftrain/tasks/demo.js';
import type { RunEvent } from '../../../src/contract/events.js';

const folder = mkdtempSync(join(tmpdir(), 'gradus-demo-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const steps = { teacher: 50, student: 8 };
const folders = { teacher: 'teacher', student: 'student-1' } as const;
const generations = ['teacher', 'student'] as const;
const [seed, out] = [7, join(folder, 'first')];
const events: RunEvent[] = [];
let summary: Extract<DemoResult, { interrupted: false }>;

function finished(result: DemoResult): typeof summary {
  if (result.interrupted) throw new TypeError('the demo was interrupted');
  return result;
}

beforeAll(async () => {
  summary = finished(await runDemo({ seed, out, steps, onEvent: (event) => events.push(event) }));
}, 180_000);

/** The held-out digits, found again from the seed alone. */
async function testDigits(): Promise<LabelledImages> {
  const digits = await openLabelledSet(`mnist:${join(out, 'data')}`);
  const sizes = [300, 7000, 500, digits.count - 7800];
  const [, , , test = new Uint32Array()] = splitIndices(digits.count, sizes, seed, 'demo.split');
  return subsetOf(digits, test);
}

/** Share of images that a model in a file gets right, in a session of its own. */
async function accuracyOf(file: string, digits: LabelledImages): Promise<number> {
  const session = await InferenceSession.create(file);
  const all = digits.packed?.data ?? new Uint8Array();
  const pixels = Float32Array.from({ length: digits.count * 784 }, (_, at) => {
    const place = Number(digits.where(Math.floor(at / 784)));
    return (all[place * 784 + (at % 784)] ?? 0) / 255;
  });
  const feeds = { image: new Tensor('float32', pixels, [digits.count, 1, 28, 28]) };
  const logits = (await session.run(feeds))['logits']?.data;
  let right = 0;
  for (let i = 0; i < digits.count; i++) {
    const row = Array.from({ length: 10 }, (_, c) => Number(logits?.[10 * i + c]));
    right += Number(row.indexOf(Math.max(...row)) === digits.label(i));
  }
  return right / digits.count;
}

describe('the demo', () => {
  it('writes its result, with these keys', () => {
    const written = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')) as unknown;
    const { interrupted: _interrupted, labels: _labels, ...kept } = summary;
    expect(written).toEqual(kept);
    expect(Object.keys(kept)).toEqual(['seed', 'teacher', 'student', 'comparison', 'seconds']);
    expect(summary.seed).toBe(seed);
    for (const name of generations) {
      expect(Object.keys(summary[name])).toEqual(['accuracy', 'n', 'interval']);
      expect(summary[name].accuracy).toBeGreaterThan(0);
      expect(summary[name].accuracy).toBeLessThanOrEqual(1);
    }
    const { n, paired, difference } = summary.comparison;
    expect([n, paired]).toEqual([summary.teacher.n, true]);
    expect(difference).toBeCloseTo(summary.student.accuracy - summary.teacher.accuracy, 12);
    // Well above the 10 % of guessing, even in so few steps.
    expect(summary.teacher.accuracy).toBeGreaterThan(0.2);
  });

  it('leaves artifacts, checkpoints, metrics and the picture of the curves', () => {
    for (const name of generations) {
      const at = (...path: string[]): string => join(out, folders[name], ...path);
      for (const file of ['manifest.json', 'train.onnx', 'infer.onnx', 'init.safetensors'])
        expect(existsSync(at('artifacts', file)), file).toBe(true);
      expect(existsSync(at('model.onnx'))).toBe(true);
      expect(readdirSync(at('checkpoints'))).toContain(
        `step-${String(steps[name]).padStart(8, '0')}`,
      );
      expect(loadCheckpoint(resolveCheckpoint(at())).state.config).toMatchObject({
        model: 'digits',
        generation: folders[name],
      });
      const records = [...readMetrics(at('metrics.jsonl'))];
      expect(records.filter(({ kind }) => kind === 'step')).toHaveLength(steps[name]);
      expect(records.at(-1)).toMatchObject({ kind: 'eval', step: steps[name] });
    }
    const curves = readFileSync(join(out, 'curves.svg'), 'utf8');
    expect(curves).toMatch(/^<svg[^]*teacher[^]*student[^]*<\/svg>\s*$/);
  });

  it('tells how it goes', () => {
    const begun = events.flatMap((event) => (event.kind === 'begin' ? [event.title] : []));
    expect(begun).toEqual(['teacher', 'teacher labels', 'teacher filter', 'student-1']);
    const told = events.flatMap((event) => (event.kind === 'message' ? [event.text] : []));
    // A teacher of so few steps hardly knows some classes, which it is warned of.
    expect(told.filter((text) => !/^warning: \d collapsed/.test(text))).toEqual([
      expect.stringMatching(/^device auto takes \w+: /),
      expect.stringMatching(/^teacher: kept \d+ of 7000 pseudo-labels$/),
    ]);
    const evaluated = events.flatMap((event) => (event.kind === 'evaluation' ? [event.step] : []));
    expect(evaluated).toEqual([48, steps.teacher, steps.student]);
    expect(summary.labels.kept).toBeLessThanOrEqual(7000);
    expect(summary.labels.right).toBeGreaterThan(0.2 * summary.labels.kept);
    expect(summary.labels.right).toBeLessThanOrEqual(summary.labels.kept);
  });

  it.each(generations)('exports a %s that is as accurate as it says', async (name) => {
    const found = await accuracyOf(join(out, folders[name], 'model.onnx'), await testDigits());
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
        student ||= event.kind === 'begin' && event.title === 'student-1';
        if (student && event.kind === 'step' && event.step === 3) abort.abort();
      },
    });
    expect(interrupted).toBe(true);
    expect(existsSync(join(again, 'summary.json'))).toBe(false);
    expect(readdirSync(join(again, 'student-1/checkpoints'))).toContain('step-00000003');
    const records = (run: string, name: string) => [
      ...readMetrics(join(run, name, 'metrics.jsonl')),
    ];
    expect(records(again, 'teacher')).toEqual(records(out, 'teacher'));
    // Its losses are of the teacher's pseudo-labels.
    expect(records(again, 'student-1')).toEqual(records(out, 'student-1').slice(0, 3));
    // Started again, it goes on and ends with the figures of the one that was left alone.
    const last = finished(await runDemo({ seed, out: again, steps }));
    expect({ ...last, seconds: 0 }).toEqual({ ...summary, seconds: 0 });
  }, 180_000);
});
