import { z } from 'zod';
import { checked, list } from './schema.js';

/** Any value that JSON can hold. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const whole = z.int().min(0);

const bestSchema = z
  .object({
    step: whole,
    metric: z.string().describe('What was measured, such as accuracy.'),
    value: z.number(),
  })
  .describe('The best evaluation so far, on held-out labelled data.');

/** The best evaluation so far, on held-out labelled data. */
export interface BestResult extends Readonly<z.infer<typeof bestSchema>> {}

const json: z.ZodType<Json> = z.json();

const checkpointSchema = z
  .object({
    format: z.literal('gradus-checkpoint'),
    version: z.literal(1),
    step: whole.describe('Optimizer steps done.'),
    epoch: whole.describe('Epoch that the next step belongs to, from 0.'),
    position: whole.describe('Images of that epoch already used.'),
    seed: whole,
    config: json.describe("The run's config as resolved, for a reader of the checkpoint alone."),
    architectureHash: z.string(),
    best: (bestSchema as z.ZodType<BestResult>).nullable(),
    choose: z
      .literal('last')
      .optional()
      .describe('Present if the run ends with its last weights rather than its best.'),
    steps: whole
      .optional()
      .describe('Steps that the run is planned for; absent in older checkpoints.'),
    ended: z
      .literal(true)
      .optional()
      .describe('Present if the run ended at this step: its last, or by early stopping.'),
    classes: list(z.string())
      .optional()
      .describe(
        'Names of the classes, by number; absent if they are not known, and in older checkpoints.',
      ),
    tensors: z
      .object({ bytes: whole, sha256: z.string().regex(/^[0-9a-f]{64}$/) })
      .describe('Size and SHA-256 of state.safetensors.'),
  })
  .describe('state.json of a checkpoint.');

/** state.json of a checkpoint. No times and no absolute paths: equal states are equal bytes. */
export interface CheckpointState extends Readonly<z.infer<typeof checkpointSchema>> {}

/** The JSON schema of a checkpoint's state.json; schemas/checkpoint.schema.json holds it. */
export function checkpointJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    title: 'The state.json of a Gradus checkpoint',
    ...z.toJSONSchema(checkpointSchema, { io: 'input' }),
  };
}

/** Reads the text of a state.json. Throws an ArtifactError that lists what is wrong in `file`. */
export function parseCheckpointState(text: string, file: string): CheckpointState {
  return checked(checkpointSchema, text, file, {
    what: 'checkpoint',
    hint: 'delete this checkpoint folder and resume from an earlier one',
  });
}
