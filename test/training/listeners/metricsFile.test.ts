import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { StepEvent } from '../../../src/contract/events.js';
import { metricsFile } from '../../../src/training/listeners/metricsFile.js';
import { temporaryFolder } from '../../support/folder.js';

const step = (n: number, more: Partial<StepEvent> = {}): StepEvent => ({
  ...{ kind: 'step', step: n, epoch: 0, loss: 2.5, accuracy: 0.5, learningRate: 0.1 },
  metrics: { accuracy: 0.5, grad_norm: 1.25 },
  ...{ imagesPerSecond: 800 * n, runMilliseconds: n, waitMilliseconds: n },
  ...more,
});

it('has every metric of a step behind the figures that older versions wrote, and no times', () => {
  const path = join(temporaryFolder(), 'metrics.jsonl');
  const keep = metricsFile(path);
  keep({ kind: 'begin', title: 'digits', steps: 3, firstStep: 0 });
  keep(step(1));
  keep(step(2, { skipped: 4, metrics: { accuracy: 0.5, grad_norm: NaN, skipped: 1 } }));
  keep({ kind: 'evaluation', step: 2, accuracy: 0.75, loss: 0.5, images: 16 });
  keep({ kind: 'message', text: 'hello' });
  keep({ kind: 'end', step: 2 });
  expect(readFileSync(path, 'utf8')).toMatchInlineSnapshot(`
    "{"kind":"step","step":1,"epoch":0,"loss":2.5,"accuracy":0.5,"learningRate":0.1,"grad_norm":1.25}
    {"kind":"step","step":2,"epoch":0,"loss":2.5,"accuracy":0.5,"learningRate":0.1,"skipped":4,"grad_norm":null}
    {"kind":"eval","step":2,"accuracy":0.75,"loss":0.5}
    "
  `);
});

it('is on disk before a checkpoint is, and loses the later lines of a run that goes on', () => {
  const path = join(temporaryFolder(), 'metrics.jsonl');
  const steps = () => readFileSync(path, 'utf8').split('\n').length - 1;
  const keep = metricsFile(path);
  keep({ kind: 'begin', title: 'digits', steps: 3, firstStep: 0 });
  keep(step(1));
  expect(steps()).toBe(0);
  keep({ kind: 'saving', step: 1 });
  expect(steps()).toBe(1);
  keep(step(2));
  keep({ kind: 'end', step: 2 });
  expect(steps()).toBe(2);
  const again = metricsFile(path);
  again({ kind: 'begin', title: 'digits', steps: 3, firstStep: 1 });
  again({ kind: 'end', step: 1 });
  expect(steps()).toBe(1);
});
