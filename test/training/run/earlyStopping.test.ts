import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/contract/events.js';
import { forgetTest, judgeRun, type RunJudgement } from '../../../src/training/run/judgeRun.js';
import {
  runTraining,
  type TrainingControl,
  type TrainingPlan,
} from '../../../src/training/run/runTraining.js';
import { removeFolder } from '../../../src/runtime/storage/atomic.js';
import {
  checkpointPath,
  listCheckpoints,
  resolveCheckpoint,
} from '../../../src/runtime/storage/checkpoint.js';
import { temporaryFolder } from '../../support/folder.js';
import { normFreeNet, quarters } from '../../support/tinyDigits.js';
import { filesBelow, tinyRun } from '../../support/tinyRun.js';

/** A run whose accuracy stays what it is: evaluations after steps 3, 6, 9 and 12, the first of them best. */
function still(folder: string, changes: Partial<TrainingPlan> = {}): TrainingPlan {
  return tinyRun(folder, {
    model: normFreeNet(),
    schedule: { kind: 'constant', rate: 1e-12 },
    checkpointEvery: 2,
    ...changes,
  });
}

interface Ran {
  readonly steps: number[];
  readonly messages: string[];
  readonly judgement: RunJudgement;
  readonly tests: number;
}

/** Runs a plan and judges it; `until` aborts after a step, as Ctrl-C does. */
async function run(plan: TrainingPlan, control: TrainingControl = {}, until = NaN): Promise<Ran> {
  const events: RunEvent[] = [];
  const abort = new AbortController();
  const onEvent = (event: RunEvent): void => {
    events.push(event);
    if (event.kind === 'step' && event.step === until) abort.abort();
  };
  const outcome = await runTraining(plan, { ...control, signal: abort.signal, onEvent });
  let tests = 0;
  try {
    const judgement = await judgeRun(outcome, {
      folder: plan.folder,
      validationImages: plan.validation?.count ?? 0,
      evaluateTest: (trainer) => {
        tests += 1;
        return trainer.evaluate(quarters(8, 3));
      },
    });
    return {
      steps: events.flatMap((event) => (event.kind === 'step' ? [event.step] : [])),
      messages: events.flatMap((event) => (event.kind === 'message' ? [event.text] : [])),
      judgement,
      tests,
    };
  } finally {
    await outcome.trainer.close();
  }
}

describe('early stopping', () => {
  it('ends a run after so many evaluations without a better one, with a checkpoint', async () => {
    const folder = temporaryFolder();
    const { steps, messages, judgement } = await run(
      still(folder, { earlyStopping: { patience: 2 } }),
    );
    expect(steps.at(-1)).toBe(9);
    expect(messages).toEqual(['stopped early after step 9: no better evaluation since step 3']);
    expect(judgement).toMatchObject({
      step: 9,
      stoppedEarly: true,
      interrupted: false,
      best: { step: 3 },
      chosen: { rule: 'best', step: 3 },
    });
    expect(judgement.checkpoint).toBe(checkpointPath(join(folder, 'checkpoints'), 9));
    expect(judgement.test?.images).toBe(8);
  });

  it('does not end one that gets better, nor count the last evaluation', async () => {
    const { judgement } = await run(still(temporaryFolder(), { earlyStopping: { patience: 3 } }));
    expect(judgement).toMatchObject({ step: 12, stoppedEarly: false, interrupted: false });
  });

  it('stops a run at the same step, and with the same bytes, that was interrupted', async () => {
    const changes = { earlyStopping: { patience: 2 } };
    const wholeFolder = temporaryFolder();
    await run(still(wholeFolder, changes));
    const whole = filesBelow(wholeFolder);
    const folder = temporaryFolder();
    const plan = still(folder, changes);
    const first = await run(plan, {}, 7);
    expect(first.judgement).toMatchObject({ step: 7, interrupted: true, stoppedEarly: false });
    expect((await run(plan, { resume: true })).steps).toEqual([8, 9]);
    expect(filesBelow(folder)).toEqual(whole);
    // As after kill -9 between the evaluation and the checkpoint.
    removeFolder(checkpointPath(join(folder, 'checkpoints'), 9));
    expect((await run(plan, { resume: true })).steps).toEqual([9]);
    expect(filesBelow(folder)).toEqual(whole);
  });

  it('leaves a run that it ended at rest, also where it is to be longer', async () => {
    const folder = temporaryFolder();
    const plan = still(folder, { earlyStopping: { patience: 1 } });
    await run(plan);
    const before = filesBelow(folder);
    const again = await run({ ...plan, steps: 20 }, { resume: true });
    expect(again.steps).toEqual([]);
    expect(again.judgement).toMatchObject({ step: 6, stoppedEarly: true });
    expect(filesBelow(folder)).toEqual(before);
  });

  it('is refused where nothing is held out to judge by', async () => {
    const plan = still(temporaryFolder(), {
      earlyStopping: { patience: 1 },
      validation: undefined,
    });
    await expect(run(plan)).rejects.toThrow(/earlyStopping needs a validation set/);
  });
});

describe('a run that chooses its last weights', () => {
  it('stands for them, and keeps no others but the newest', async () => {
    const folder = temporaryFolder();
    const { judgement } = await run(still(folder, { choose: 'last', keepLast: 1 }));
    const checkpoints = join(folder, 'checkpoints');
    expect(listCheckpoints(checkpoints)).toEqual([12]);
    expect(resolveCheckpoint(folder)).toBe(checkpointPath(checkpoints, 12));
    expect(judgement).toMatchObject({
      best: { step: 3, images: 16 },
      chosen: { rule: 'last', step: 12, validation: { images: 16 } },
    });
  });

  it('ends with the same bytes where it was interrupted', async () => {
    const changes = { choose: 'last', earlyStopping: { patience: 2 } } as const;
    const [whole, parts] = [temporaryFolder(), temporaryFolder()];
    const { judgement } = await run(still(whole, changes));
    expect(judgement).toMatchObject({ stoppedEarly: true, chosen: { rule: 'last', step: 9 } });
    await run(still(parts, changes), {}, 4);
    await run(still(parts, changes), { resume: true });
    expect(filesBelow(parts)).toEqual(filesBelow(whole));
  });
});

describe('the test set', () => {
  it('is read once, with the selected weights, also where a run that is done is resumed', async () => {
    const folder = temporaryFolder();
    const first = await run(still(folder));
    expect([first.tests, first.judgement.test?.readings]).toEqual([1, 1]);
    const again = await run(still(folder), { resume: true });
    expect(again.tests).toBe(0);
    expect(again.judgement).toEqual(first.judgement);
    const record = JSON.parse(readFileSync(join(folder, 'test.json'), 'utf8')) as object;
    const {
      n: _n,
      interval: _interval,
      ...kept
    } = first.judgement.test ?? { n: 0, interval: null };
    expect(record).toMatchObject({ ...kept, step: 3 });
  });

  it('is not read by a run that was interrupted', async () => {
    const { tests, judgement } = await run(still(temporaryFolder()), {}, 5);
    expect([tests, judgement.test]).toEqual([0, undefined]);
  });

  it('counts as read twice where a longer run ends with other weights', async () => {
    const folder = temporaryFolder();
    await run(still(folder, { choose: 'last', steps: 6 }));
    const longer = still(folder, { choose: 'last', steps: 9 });
    expect((await run(longer, { resume: true })).judgement.test?.readings).toBe(2);
    forgetTest(folder);
    expect((await run(longer, { resume: true })).judgement.test?.readings).toBe(1);
  });
});
