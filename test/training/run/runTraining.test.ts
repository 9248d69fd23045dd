import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/contract/events.js';
import {
  runTraining,
  type TrainingControl,
  type TrainingPlan,
} from '../../../src/training/run/runTraining.js';
import { checkpointPath, listCheckpoints } from '../../../src/runtime/storage/checkpoint.js';
import { readMetrics } from '../../../src/runtime/storage/metrics.js';
import { ArtifactError, TrainingError } from '../../../src/support/errors.js';
import { temporaryFolder } from '../../support/folder.js';
import { overflowingNet, tinyNet } from '../../support/tinyDigits.js';
import { filesBelow, tinyRun } from '../../support/tinyRun.js';

/** Runs a plan to its end or interruption; gives what happened. */
async function run(plan: TrainingPlan, control: TrainingControl = {}) {
  const events: RunEvent[] = [];
  const onEvent = (event: RunEvent): void => {
    events.push(event);
    control.onEvent?.(event);
  };
  const outcome = await runTraining(plan, { ...control, onEvent });
  await outcome.trainer.close();
  return { ...outcome, events };
}

/** Runs until a step is done, then aborts as Ctrl-C does. */
function runUntil(plan: TrainingPlan, last: number, control: TrainingControl = {}) {
  const abort = new AbortController();
  const onEvent = (event: RunEvent): void => {
    if (event.kind === 'step' && event.step === last) abort.abort();
  };
  return run(plan, { ...control, signal: abort.signal, onEvent });
}

function messages(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) => (event.kind === 'message' ? [event.text] : []));
}

/** A finished run of 12 steps in a folder of its own. */
async function finished(changes: Partial<TrainingPlan> = {}): Promise<string> {
  const folder = temporaryFolder();
  await run(tinyRun(folder, changes));
  return folder;
}

async function thrownBy(running: Promise<unknown>): Promise<unknown> {
  return running.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('the events of a run', () => {
  it('carry run, network, step, time and every metric, and outlive a listener that throws', async () => {
    const folder = temporaryFolder();
    const plan = tinyRun(folder);
    const events: RunEvent[] = [];
    const failing = () => {
      throw new Error('full');
    };
    const { trainer } = await runTraining(plan, {
      listeners: [failing, (event) => events.push(event)],
      clock: () => 1234,
    });
    await trainer.close();
    const origin = { run: folder, network: plan.title, time: 1234 };
    for (const event of events)
      expect(event).toMatchObject({ ...origin, step: expect.any(Number) });
    expect(messages(events).filter((text) => text.includes('listener'))).toHaveLength(1);
    const steps = events.filter((event) => event.kind === 'step');
    const lines = [...readMetrics(join(folder, 'metrics.jsonl'))];
    const norms = lines.flatMap(({ kind, grad_norm: norm }) => (kind === 'step' ? [norm] : []));
    expect(norms).toHaveLength(12);
    expect(norms).toEqual(steps.map(({ metrics }) => metrics['grad_norm']));
    expect(events.at(-1)).toMatchObject({ kind: 'end', step: 12 });
  });
});

describe('an interrupted run', () => {
  it('ends with the bytes of an uninterrupted one', async () => {
    const whole = filesBelow(await finished());
    const folder = temporaryFolder();
    const plan = tinyRun(folder);
    const first = await runUntil(plan, 5);
    expect(first.interrupted).toBe(true);
    expect(first.checkpoint).toBe(checkpointPath(join(folder, 'checkpoints'), 5));
    const second = await runUntil(plan, 7, { resume: true });
    expect(second.events[0]).toMatchObject({ kind: 'begin', firstStep: 5, steps: 12 });
    expect((await run(plan, { resume: true })).interrupted).toBe(false);
    expect(filesBelow(folder)).toEqual(whole);
    expect(Object.keys(whole)).toContain('checkpoints/step-00000012/state.safetensors');
    expect(whole['metrics.jsonl']?.split('\n')).toHaveLength(12 + 4 + 1);
  });

  it('starts over where it is not told to resume', async () => {
    const whole = filesBelow(await finished());
    const folder = temporaryFolder();
    await runUntil(tinyRun(folder, { trainer: { batch: 8, seed: 2 } }), 7);
    await run(tinyRun(folder));
    expect(filesBelow(folder)).toEqual(whole);
  });

  it('that was done but for the removal of old checkpoints removes them', async () => {
    const folder = await finished({ keepLast: 1, checkpointEvery: 2 });
    const before = filesBelow(folder);
    const checkpoints = join(folder, 'checkpoints');
    const [last = 0] = listCheckpoints(checkpoints).slice(-1);
    cpSync(checkpointPath(checkpoints, last), checkpointPath(checkpoints, 1), { recursive: true });
    await run(tinyRun(folder, { keepLast: 1, checkpointEvery: 2 }), { resume: true });
    expect(filesBelow(folder)).toEqual(before);
  });

  it('has nothing left to do once it is complete', async () => {
    const folder = await finished();
    const before = filesBelow(folder);
    const { events, interrupted, best } = await run(tinyRun(folder), { resume: true });
    expect(events.filter(({ kind }) => kind === 'step')).toEqual([]);
    expect(interrupted).toBe(false);
    expect(best).not.toBeNull();
    expect(filesBelow(folder)).toEqual(before);
  });
});

describe('a run in float16', () => {
  it('writes with each step how many were skipped until then', async () => {
    const folder = temporaryFolder();
    const trainer = {
      batch: 8,
      target: 'portable',
      precision: 'float16',
      imageFormat: 'uint8-nhwc',
      optimizer: { kind: 'sgd' },
    } as const;
    const schedule = { kind: 'constant', rate: 1e-9 } as const;
    const model = overflowingNet;
    const plan = tinyRun(folder, { model, trainer, schedule, validation: undefined });
    const { trainer: made } = await run(plan);
    const lines = [...readMetrics(join(folder, 'metrics.jsonl'))];
    const counts = lines.map(({ skipped }) => Number(skipped));
    expect(counts[0]).toBe(1);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(counts).toHaveLength(12);
    expect(counts.at(-1)).toBe(made.skipped);
  });
});

describe('a seed', () => {
  it('decides a run: the same gives the same bytes, another others', async () => {
    const [first, again, other] = [
      await finished(),
      await finished(),
      await finished({ trainer: { batch: 8, seed: 2 } }),
    ];
    const metrics = (folder: string): string => filesBelow(folder)['metrics.jsonl'] ?? '';
    expect(filesBelow(again)).toEqual(filesBelow(first));
    expect(metrics(other)).not.toBe(metrics(first));
  });
});

describe('a run that starts from other weights', () => {
  it('begins with them, and resumes without the checkpoint that they came from', async () => {
    const teacher = await finished();
    const whole = filesBelow(await finished({ initial: teacher }));
    const scratch = filesBelow(await finished());
    expect(whole['metrics.jsonl']).not.toBe(scratch['metrics.jsonl']);
    const folder = temporaryFolder();
    const plan = tinyRun(folder, { initial: teacher });
    await runUntil(plan, 5);
    rmSync(teacher, { recursive: true });
    await run(plan, { resume: true });
    expect(filesBelow(folder)).toEqual(whole);
  });
});

describe('a damaged checkpoint', () => {
  const damage = (folder: string, step: number): void => {
    truncateSync(join(checkpointPath(join(folder, 'checkpoints'), step), 'state.safetensors'), 100);
  };

  it('is passed over with a message, and the run ends as if it had been whole', async () => {
    const whole = filesBelow(await finished());
    const folder = temporaryFolder();
    await runUntil(tinyRun(folder), 8);
    damage(folder, 8);
    const { events } = await run(tinyRun(folder), { resume: true });
    expect(messages(events)).toHaveLength(1);
    expect(messages(events)[0]).toMatch(/skipped a damaged checkpoint: .*step-00000008.* corrupt/);
    expect(filesBelow(folder)).toEqual(whole);
  });

  it('is an error that names the file where no other is whole', async () => {
    const folder = await finished();
    const checkpoints = join(folder, 'checkpoints');
    for (const step of listCheckpoints(checkpoints)) damage(folder, step);
    const error = await thrownBy(run(tinyRun(folder), { resume: true }));
    expect(error).toBeInstanceOf(ArtifactError);
    expect(error).toMatchObject({
      code: 'checkpoint-corrupt',
      where: join(checkpointPath(checkpoints, 12), 'state.safetensors'),
    });
    expect(readdirSync(checkpoints).length).toBeGreaterThan(0);
  });
});

describe('what a killed process left behind', () => {
  it.each(['checkpoints', 'artifacts'])('in %s is removed by the next run', async (place) => {
    const folder = await finished();
    const whole = filesBelow(folder);
    const half = join(folder, place, '.half-written.new-4711-1-1');
    mkdirSync(half);
    writeFileSync(join(half, 'state.safetensors'), 'half');
    await run(tinyRun(folder), { resume: true });
    expect(filesBelow(folder)).toEqual(whole);
  });
});

describe('a checkpoint of another architecture', () => {
  it('is refused by the names of the first parameters that differ', async () => {
    const folder = await finished();
    const model = tinyNet({ channels: 6, name: 'wider-net' });
    const error = await thrownBy(run(tinyRun(folder, { model }), { resume: true }));
    expect(error).toBeInstanceOf(ArtifactError);
    expect(error).toMatchObject({ code: 'architecture-mismatch' });
    expect(String(error)).toContain('another architecture than wider-net');
    expect(String(error)).toContain(
      'stem.weight: [4,1,3,3] in the checkpoint, [6,1,3,3] in the model',
    );
  });
});

describe('a loss that is no number', () => {
  it('stops the run with the step, the last good checkpoint and a hint', async () => {
    const folder = temporaryFolder();
    const plan = tinyRun(folder, {
      trainer: { batch: 8, optimizer: { kind: 'sgd' } },
      schedule: { kind: 'constant', rate: 1e30 },
      evaluateEvery: 100,
      checkpointEvery: 1,
    });
    const error = await thrownBy(run(plan));
    expect(error).toBeInstanceOf(TrainingError);
    const lines = readFileSync(join(folder, 'metrics.jsonl'), 'utf8').trim().split('\n');
    const saved = lines.length;
    expect(error).toMatchObject({
      code: 'loss-not-finite',
      where: `step ${saved + 1}`,
      hint: expect.stringContaining('lower the learning rate') as string,
    });
    const last = checkpointPath(join(folder, 'checkpoints'), saved);
    expect(String(error)).toContain(`the last good checkpoint is ${last}`);
    expect(filesBelow(last)).toHaveProperty('state.json');
  });
});
