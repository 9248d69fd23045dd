import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MetricsWriter, type MetricsRecord } from '../../../src/runtime/storage/metrics.js';
import { placesOf } from '../../../src/runtime/storage/places.js';
import { exportMetrics } from '../../../src/tools/inspect/exportMetrics.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gradus-metrics-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function write(network: string, ...records: readonly MetricsRecord[]): void {
  const metrics = MetricsWriter.open(placesOf(join(folder, network)).metrics);
  for (const record of records) metrics.append(record);
  metrics.close();
}

const rowsOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n');

describe('exported metrics', () => {
  it('are a row per step and evaluation of each network, with every metric as a column', () => {
    write('run/teacher', { kind: 'step', step: 1, loss: 2.5 });
    write('run/teacher/fixed', { kind: 'eval', step: 1, accuracy: 0.5 });
    write('run/student-10', { kind: 'step', step: 1, loss: 1, grad_norm: 3 });
    write('run/student-2', { kind: 'step', step: 1, loss: 2 });
    const out = join(folder, 'all.csv');
    expect(exportMetrics(join(folder, 'run'), { out })).toMatchObject({
      rows: 4,
      networks: ['student-2', 'student-10', 'teacher', 'teacher/fixed'],
    });
    expect(rowsOf(out)).toEqual([
      'network,kind,step,loss,grad_norm,accuracy',
      'student-2,step,1,2,,',
      'student-10,step,1,1,3,',
      'teacher,step,1,2.5,,',
      'teacher/fixed,eval,1,,,0.5',
      '',
    ]);
  });

  it('of a single network are named by a dot', () => {
    write('single', { kind: 'eval', step: 3, accuracy: 1, loss: 0 });
    const out = join(folder, 'one.csv');
    exportMetrics(join(folder, 'single'), { out });
    expect(rowsOf(out)[1]).toBe('.,eval,3,1,0');
  });

  it('count damaged lines that are left out, and say if steps are thinned', () => {
    write('long', ...[4000, 4001, 4002].map((step) => ({ kind: 'step' as const, step, loss: 1 })));
    appendFileSync(placesOf(join(folder, 'long')).metrics, '{"kind":"st\n');
    const out = join(folder, 'long.csv');
    const summary = exportMetrics(join(folder, 'long'), { out });
    expect(summary).toMatchObject({ rows: 2, damaged: 1, thinned: true });
    expect(rowsOf(out).slice(1)).toEqual(['.,step,4000,1', '.,step,4002,1', '']);
    expect(exportMetrics(join(folder, 'single'), { out })).toMatchObject({
      damaged: 0,
      thinned: false,
    });
  });

  it('are refused if there are none, and nothing is written', () => {
    const out = join(folder, 'none.csv');
    mkdirSync(join(folder, 'empty'));
    expect(() => exportMetrics(join(folder, 'empty'), { out })).toThrow(/empty has no metrics/);
    expect(() => exportMetrics(join(folder, 'missing'), { out })).toThrow(/missing/);
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => exportMetrics(file, { out })).toThrow(/a file is in the place of a folder/);
    expect(() => readFileSync(out)).toThrow();
  });
});
