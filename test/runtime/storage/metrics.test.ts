import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MetricsWriter, readMetrics } from '../../../src/runtime/storage/metrics.js';
import { temporaryFolder } from '../../support/folder.js';

function write(path: string, steps: readonly number[], from = 0): void {
  const writer = MetricsWriter.open(path, from);
  for (const step of steps) writer.append({ kind: 'step', step, loss: step / 2 });
  writer.close();
}

const stepsIn = (path: string): number[] => [...readMetrics(path)].map(({ step }) => step);

describe('metrics.jsonl', () => {
  it('holds one line a record', () => {
    const path = join(temporaryFolder(), 'deep', 'metrics.jsonl');
    write(path, [1, 2]);
    expect(readFileSync(path, 'utf8')).toBe(
      '{"kind":"step","step":1,"loss":0.5}\n{"kind":"step","step":2,"loss":1}\n',
    );
  });

  it('keeps lines in memory until they are flushed', () => {
    const path = join(temporaryFolder(), 'metrics.jsonl');
    const writer = MetricsWriter.open(path);
    writer.append({ kind: 'step', step: 1 });
    expect(statSync(path).size).toBe(0);
    writer.flush();
    expect(stepsIn(path)).toEqual([1]);
    writer.close();
  });

  it('is cut back to the step that a run resumes from', () => {
    const path = join(temporaryFolder(), 'metrics.jsonl');
    write(path, [1, 2, 3, 4, 5]);
    write(path, [4], 3);
    expect(stepsIn(path)).toEqual([1, 2, 3, 4]);
  });

  it('survives a half-written last line', () => {
    const path = join(temporaryFolder(), 'metrics.jsonl');
    write(path, [1, 2]);
    appendFileSync(path, '{"kind":"step","st');
    expect(stepsIn(path)).toEqual([1, 2]);
    write(path, [3], 2);
    expect(stepsIn(path)).toEqual([1, 2, 3]);
    writeFileSync(path, '{"kind":"step","step":1}\n{broken}\n{"kind":"step","step":2}\n');
    write(path, [2], 2);
    expect(stepsIn(path)).toEqual([1, 2]);
  });

  it('starts empty for a new run', () => {
    const path = join(temporaryFolder(), 'metrics.jsonl');
    write(path, [0, 1]);
    write(path, [1]);
    expect(stepsIn(path)).toEqual([1]);
  });

  it('is read and cut line by line, longer than any buffer', () => {
    const path = join(temporaryFolder(), 'metrics.jsonl');
    const all = Array.from({ length: 4000 }, (_, i) => i + 1);
    write(path, all);
    write(path, [3001], 3000);
    expect(stepsIn(path)).toEqual(all.slice(0, 3001));
  });

  it('thins the steps of a long run, evaluations never, to some megabytes', () => {
    const path = join(temporaryFolder(), 'metrics.jsonl');
    const writer = MetricsWriter.open(path);
    for (let step = 1; step <= 1e6; step++) {
      writer.append({ kind: 'step', step, loss: step / 3, accuracy: 0, learningRate: 1 / step });
      if (step % 999 === 0) writer.append({ kind: 'eval', step, loss: 1 });
    }
    writer.close();
    expect(statSync(path).size).toBeLessThan(4e6);
    const records = [...readMetrics(path)];
    const steps = records.flatMap(({ kind, step }) => (kind === 'step' ? [step] : []));
    expect(steps.length).toBeLessThan(20_000);
    expect(records.length - steps.length).toBe(Math.floor(1e6 / 999));
    expect(steps.slice(3998, 4004)).toEqual([3999, 4000, 4002, 4004, 4006, 4008]);
    const last = steps.slice(-2);
    expect(last).toEqual([256 * 3905, 256 * 3906]);
  });

  it('has the same lines whether a long run was interrupted or not', () => {
    const folder = temporaryFolder();
    const [whole, parts] = [join(folder, 'whole'), join(folder, 'parts')];
    const all = Array.from({ length: 40_000 }, (_, i) => i + 1);
    write(whole, all);
    for (const from of [0, 3999, 4001, 7, 11_113, 32_001])
      write(parts, all.slice(from, from + 12_000), from);
    write(parts, all.slice(11_000), 11_000);
    expect(readFileSync(parts, 'utf8')).toBe(readFileSync(whole, 'utf8'));
  });
});
