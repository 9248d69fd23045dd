/** The keys of a config about the course of the learning rate. */
import { z } from 'zod';
import { anneals } from '../../runtime/engine/schedules.js';
import { limits } from '../../support/limits.js';

const positive = z.number().gt(0);
/** A number above 0 that a graph holds as float32. */
export const rate = positive.max(limits.float32);
/** A length of training above 0. */
export const epochs = positive.max(limits.epochs);

const warmup = z
  .number()
  .min(0)
  .max(limits.epochs)
  .describe('Epochs of warm-up, in which the learning rate rises linearly from 0.')
  .default(0);

export const scheduleSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('constant').describe('A constant learning rate, after the warm-up.'),
      warmup,
    }),
    z.strictObject({
      kind: z.literal('cosine').describe('A learning rate that falls along half a cosine.'),
      warmup,
      final: z
        .number()
        .min(0)
        .max(1)
        .describe('Final learning rate, as a fraction of the first.')
        .default(0),
    }),
    z.strictObject({
      kind: z
        .literal('exponential')
        .describe('A learning rate that falls by a factor at regular intervals.'),
      warmup,
      decay: z.number().gt(0).max(1).describe('Factor of each fall.').default(0.97),
      every: epochs.describe('Epochs between two falls.').default(2.4),
      staircase: z.boolean().describe('Falls in steps rather than smoothly.').default(true),
    }),
    z.strictObject({
      kind: z
        .literal('polynomial')
        .describe('A learning rate that falls to 0 as a power of what is left of the run.'),
      warmup,
      power: rate.describe('Exponent; 1 is a straight line.').default(1),
    }),
    z.strictObject({
      kind: z
        .literal('oneCycle')
        .describe("A learning rate that rises to the optimizer's and falls far below it."),
      pctStart: z
        .number()
        .gt(0)
        .lt(1)
        .describe('Fraction of the run in which it rises.')
        .default(0.3),
      divFactor: rate.describe('First learning rate: the highest divided by this.').default(25),
      finalDivFactor: rate.describe('Last learning rate: the first divided by this.').default(1e4),
      anneal: z.enum(anneals).describe('Curve of the rise and the fall.').default('cosine'),
    }),
    z.strictObject({
      kind: z
        .literal('cosineRestarts')
        .describe('A learning rate that falls along half a cosine again and again.'),
      warmup,
      period: epochs.describe('Epochs of the first fall.').default(10),
      factor: z
        .number()
        .min(1)
        .max(limits.epochs)
        .describe('Length of each fall, as a multiple of the one before.')
        .default(1),
      final: z
        .number()
        .min(0)
        .max(1)
        .describe('Learning rate before a restart, as a fraction of the first.')
        .default(0),
    }),
  ])
  .describe('Course of the learning rate.');
