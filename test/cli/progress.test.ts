import { describe, expect, it } from 'vitest';
import { TerminalProgress } from '../../src/cli/progress.js';
import type { StepEvent } from '../../src/contract/events.js';
import { FakeEnvironment } from './environment.js';

const step = (n: number): StepEvent => ({
  kind: 'step',
  step: n,
  epoch: 0,
  loss: 2.5 / n,
  accuracy: 0.5,
  learningRate: 0.01,
  metrics: { accuracy: 0.5, grad_norm: 1 },
  imagesPerSecond: 812.4,
  runMilliseconds: 1,
  waitMilliseconds: 0,
});

function run(environment: FakeEnvironment, steps: number, milliseconds: number): TerminalProgress {
  const progress = new TerminalProgress(environment);
  progress.onEvent({ kind: 'begin', title: 'teacher', steps: 1000 });
  for (let n = 1; n <= steps; n++) {
    environment.time += milliseconds;
    progress.onEvent(step(n));
  }
  return progress;
}

describe('progress on a terminal', () => {
  it('is one line that rewrites itself, with the time left', () => {
    const environment = new FakeEnvironment({ tty: true });
    run(environment, 250, 100).end();
    const [last = ''] = environment.err.split('\r\u001b[K').slice(-1);
    expect(last).toMatchInlineSnapshot(`
      "teacher  [#####---------------] step 250/1000  812 images/s  loss 0.0100  lr 0.01000  1:15 left
      "
    `);
    expect(environment.err.match(/\n/g)).toHaveLength(1);
  });

  it('tells how many steps were skipped, where the loss is scaled', () => {
    const environment = new FakeEnvironment({ tty: true });
    const progress = run(environment, 1, 1000);
    progress.onEvent({ ...step(2), skipped: 1 });
    progress.end();
    expect(environment.err).toContain('lr 0.01000  skipped 1  ');
  });

  it('redraws ten times a second at most', () => {
    const environment = new FakeEnvironment({ tty: true });
    run(environment, 100, 10);
    expect(environment.err.split('\r\u001b[K').length).toBeLessThan(12);
  });

  it('never fills the last column, where the terminal would wrap', () => {
    const environment = new FakeEnvironment({ tty: true, columns: 40 });
    run(environment, 3, 1000);
    const lines = environment.err.split('\r\u001b[K');
    expect(Math.max(...lines.map((line) => line.length))).toBe(39);
  });

  it('keeps an evaluation as a line above', () => {
    const environment = new FakeEnvironment({ tty: true, variables: { NO_COLOR: '1' } });
    const progress = run(environment, 2, 1000);
    progress.onEvent({ kind: 'evaluation', step: 2, accuracy: 0.9375, loss: 0.25, images: 16 });
    expect(environment.err).toContain(
      'teacher  step 2: validation accuracy 94 % of 16 (72 to 99), loss 0.2500\nteacher  [',
    );
    expect(environment.err).not.toContain('\u001b');
  });
});

describe('progress elsewhere', () => {
  it('is a line every 30 seconds and one at the end', () => {
    const environment = new FakeEnvironment();
    run(environment, 350, 200).end();
    expect(environment.err).toMatchInlineSnapshot(`
      "teacher  step 150/1000  812 images/s  loss 0.0167  lr 0.01000  2:50 left
      teacher  step 300/1000  812 images/s  loss 0.0083  lr 0.01000  2:20 left
      teacher  step 350/1000  812 images/s  loss 0.0071  lr 0.01000  2:10 left
      "
    `);
  });

  it('counts the time left from where a resumed run goes on', () => {
    const environment = new FakeEnvironment();
    const progress = new TerminalProgress(environment);
    progress.onEvent({ kind: 'begin', title: '', steps: 1000, firstStep: 900 });
    environment.time = 30_000;
    progress.onEvent(step(950));
    expect(environment.err).toContain('0:30 left');
  });
});
