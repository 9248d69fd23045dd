import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MetricsWriter, readMetrics } from '../../src/runtime/metrics.js';
import { temporaryFolder } from '../support/folder.js';

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
    const all = Array.from({ length: 10_000 }, (_, i) => i + 1);
    write(path, all);
    write(path, [7001], 7000);
    expect(stepsIn(path)).toEqual(all.slice(0, 7001));
  });
});
