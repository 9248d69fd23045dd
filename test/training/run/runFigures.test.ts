import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/contract/events.js';
import { exportModel } from '../../../src/training/weights/exportModel.js';
import { planNotes, stretchNotes } from '../../../src/training/run/planNotes.js';
import { runTraining } from '../../../src/training/run/runTraining.js';
import { unfinishedRun } from '../../../src/training/record/unfinishedRun.js';
import {
  chosenCheckpointPath,
  listCheckpoints,
  readCheckpointState,
  resolveCheckpoint,
} from '../../../src/runtime/storage/checkpoint.js';
import { readMetrics } from '../../../src/runtime/storage/metrics.js';
import { RunFolder } from '../../../src/runtime/storage/runFolder.js';
import { temporaryFolder } from '../../support/folder.js';
import { quarters, tinyNet } from '../../support/tinyDigits.js';
import { tinyRun } from '../../support/tinyRun.js';

type Changes = Parameters<typeof tinyRun>[1];

/** Runs a plan in the folder; `until` aborts after a step, as Ctrl-C does. Returns the messages. */
async function train(folder: string, changes: Changes = {}, until = NaN): Promise<string[]> {
  const abort = new AbortController();
  const messages: string[] = [];
  const onEvent = (event: RunEvent): void => {
    if (event.kind === 'message') messages.push(event.text);
    if (event.kind === 'step' && event.step === until) abort.abort();
  };
  const plan = tinyRun(folder, changes);
  const { trainer } = await runTraining(plan, { resume: true, signal: abort.signal, onEvent });
  await trainer.close();
  return messages;
}

const bestOf = (folder: string): number | undefined => {
  const checkpoints = join(folder, 'checkpoints');
  const path = chosenCheckpointPath(checkpoints) ?? '';
  return readCheckpointState(path).step;
};

describe('the best checkpoint', () => {
  // Of two images accuracies are mostly equal, while the loss falls.
  const few = { validation: quarters(2, 2), evaluateEvery: 2, steps: 16 };

  it('is of equal accuracies the one of the lowest loss, whether resumed or not', async () => {
    const [whole, parts] = [temporaryFolder(), temporaryFolder()];
    await train(whole, few);
    const evaluations = [...readMetrics(join(whole, 'metrics.jsonl'))].filter(
      ({ kind }) => kind === 'eval',
    );
    const most = Math.max(...evaluations.map(({ accuracy }) => Number(accuracy)));
    const tied = evaluations.filter(({ accuracy }) => accuracy === most);
    const [wanted] = tied.toSorted((a, b) => Number(a['loss']) - Number(b['loss']));
    expect(tied.length).toBeGreaterThan(1);
    expect(wanted?.step).not.toBe(tied[0]?.step);
    expect(bestOf(whole)).toBe(wanted?.step);
    await train(parts, few, 9);
    await train(parts, few);
    expect(bestOf(parts)).toBe(wanted?.step);
    const metrics = (folder: string) => readFileSync(join(folder, 'metrics.jsonl'), 'utf8');
    expect(metrics(parts)).toBe(metrics(whole));
  });
});

describe('a run that has not ended', () => {
  it('says which step stands for it, while it is trained and when it was stopped', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'run.json'), '{}');
    await train(folder, {}, 7);
    const best = bestOf(folder) ?? 0;
    expect(unfinishedRun(folder)).toEqual({
      running: false,
      step: best,
      newest: 7,
      steps: 12,
      note: `${folder} was stopped at step 7 of 12: took step ${best}, its best so far`,
    });
    expect(unfinishedRun(resolveCheckpoint(folder))).toBeUndefined();
    expect(unfinishedRun('model.onnx')).toBeUndefined();
    const notes: string[] = [];
    const onUnfinished = ({ note }: { readonly note: string }): void => void notes.push(note);
    const request = { out: join(folder, 'tiny.onnx'), model: tinyNet(), onUnfinished };
    const { unfinished } = await exportModel(folder, request);
    expect(notes).toEqual([unfinished?.note]);
    const run = RunFolder.open(folder);
    expect(unfinishedRun(folder)).toMatchObject({
      running: true,
      note: `${folder} is still training: took step ${best} of 12, its best so far`,
    });
    run.close();
    const other = temporaryFolder();
    const messages = await train(other, { initial: folder, steps: 2, validation: undefined });
    expect(messages).toContain(
      `note: ${folder} was stopped at step 7 of 12: took step ${best}, its best so far`,
    );
    await train(folder);
    expect(unfinishedRun(folder)).toBeUndefined();
  });

  it('is told between the two phases of a training, for one network of a self-training too', async () => {
    const folder = temporaryFolder();
    const fixResolution = { size: 12, epochs: 1 };
    const info = (config: object): void => {
      writeFileSync(join(folder, 'run.json'), JSON.stringify({ config }));
    };
    info({ fixResolution });
    await train(folder);
    const best = bestOf(folder) ?? 0;
    expect(unfinishedRun(folder)).toMatchObject({
      running: false,
      note: `${folder} was stopped between its two phases: took step ${best} of 12 of its first phase; the one at a larger size has no checkpoint yet`,
    });
    info({});
    expect(unfinishedRun(folder)).toBeUndefined();
    await train(join(folder, 'fixed'));
    info({ fixResolution });
    expect(unfinishedRun(folder)).toBeUndefined();
    const student = join(folder, 'student-2');
    await train(student);
    info({ teacher: { fixResolution }, students: [{ fixResolution }, {}] });
    expect(unfinishedRun(student)).toBeUndefined();
    info({ teacher: {}, students: [{}, { fixResolution }] });
    expect(unfinishedRun(student)?.note).toContain('between its two phases');
  });

  it('is told of a run of an older version by the steps of its config', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'run.json'), '{}');
    await train(folder, { config: { steps: 12 } }, 7);
    for (const step of listCheckpoints(join(folder, 'checkpoints'))) {
      const path = join(folder, 'checkpoints', `step-${String(step).padStart(8, '0')}/state.json`);
      const { steps: _, ...older } = JSON.parse(readFileSync(path, 'utf8')) as { steps: number };
      writeFileSync(path, JSON.stringify(older));
    }
    expect(unfinishedRun(folder)).toMatchObject({ running: false, newest: 7, steps: 12 });
    expect(await train(folder, { steps: 20 })).toEqual([
      expect.stringContaining('planned for 12 steps and now has 20'),
    ]);
  });
});

describe('a note', () => {
  const cosine = { kind: 'cosine', rate: 0.1 } as const;
  const plan = { steps: 100, schedule: cosine, evaluateEvery: 10, source: { stepsPerEpoch: 50 } };

  it('is not needed where all that is planned can come to pass', () => {
    expect(planNotes({ ...plan, validation: [], earlyStopping: { patience: 3 } })).toEqual([]);
  });

  it('tells that the warm-up does not end', () => {
    const schedule = { kind: 'warmup', length: { epochs: 5 }, then: cosine } as const;
    expect(planNotes({ ...plan, schedule })).toEqual([
      'the warm-up lasts 250 steps, and the training 100: the learning rate ends at 0.0396 and never reaches 0.1',
    ]);
    expect(planNotes({ ...plan, steps: 250, schedule })).toHaveLength(1);
    expect(planNotes({ ...plan, steps: 251, schedule })).toEqual([]);
  });

  it('tells that the learning rate never falls', () => {
    const falls = { kind: 'exponential', rate: 0.1, decay: 0.97, every: { epochs: 2.4 } } as const;
    expect(planNotes({ ...plan, schedule: falls })).toEqual([
      'the learning rate never decays: the first decay is after 120 steps, and the training has 100',
    ]);
    expect(planNotes({ ...plan, schedule: { ...falls, staircase: false } })).toEqual([]);
  });

  it('tells that nothing is chosen, or stopped early', () => {
    const validation: unknown = [];
    const late = { ...plan, validation, evaluateEvery: 500 };
    expect(planNotes(late)).toEqual([
      'the only evaluation is after the last step (one is due every 500 steps, and the training has 100): the best weights are the last',
    ]);
    expect(planNotes({ ...late, choose: 'last' })).toEqual([]);
    expect(planNotes({ ...plan, validation, earlyStopping: { patience: 9 } })).toEqual([
      'the training cannot stop early: it has 10 evaluations, and the patience is 9',
    ]);
  });

  it('tells that a schedule is stretched, or that there is nothing to train', () => {
    expect(stretchNotes({ ...plan, steps: 200 }, { step: 100, steps: 100 })).toEqual([
      'the run was planned for 100 steps and now has 200: its cosine schedule is stretched, and the learning rate at step 100 is 0.05 in place of 0',
    ]);
    const constant = { kind: 'constant', rate: 0.1 } as const;
    const still = { ...plan, steps: 200, schedule: constant };
    expect(stretchNotes(still, { step: 100, steps: 100 })).toEqual([]);
    expect(stretchNotes(plan, { step: 100, steps: 100 })).toEqual([]);
    expect(stretchNotes(plan, { step: 120, steps: 120 })).toEqual([
      'the run is already at step 120 of 100: nothing to train',
    ]);
  });
});
