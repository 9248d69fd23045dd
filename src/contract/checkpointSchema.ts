import { z } from 'zod';
import { checked } from './manifestSchema.js';

/** What JSON can hold. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The best evaluation so far, on held-out labelled data. */
export interface BestResult {
  readonly step: number;
  /** What was measured, such as `accuracy`. */
  readonly metric: string;
  readonly value: number;
}

/** state.json of a checkpoint. No times and no absolute paths: equal states are equal bytes. */
export interface CheckpointState {
  readonly format: 'gradus-checkpoint';
  readonly version: 1;
  /** Optimizer steps done. */
  readonly step: number;
  /** Epoch that the next step belongs to, from 0. */
  readonly epoch: number;
  /** Images of that epoch already used. */
  readonly position: number;
  readonly seed: number;
  /** The run's config as resolved, for whoever looks at the checkpoint alone. */
  readonly config: Json;
  readonly architectureHash: string;
  readonly best: BestResult | null;
  /** Where it is there, the run is to end with its last weights and not with the best. */
  readonly choose?: 'last';
  /** Steps that the run is planned for; missing in older ones. */
  readonly steps?: number;
  /** Where it is there, the run ended with this step: its last, or by early stopping. */
  readonly ended?: true;
  /** Names of the classes, by their numbers; missing where they are not known, and in older checkpoints. */
  readonly classes?: readonly string[];
  /** Size and SHA-256 of state.safetensors. */
  readonly tensors: { readonly bytes: number; readonly sha256: string };
}

const whole = z.int().min(0);

const checkpointSchema = z
  .object({
    format: z.literal('gradus-checkpoint'),
    version: z.literal(1),
    step: whole.describe('Optimizer steps done.'),
    epoch: whole.describe('Epoch that the next step belongs to, from 0.'),
    position: whole.describe('Images of that epoch already used.'),
    seed: whole,
    config: z.json().describe("The run's config as resolved."),
    architectureHash: z.string(),
    best: z
      .object({ step: whole, metric: z.string(), value: z.number() })
      .nullable()
      .describe('The best evaluation so far, on held-out labelled data.'),
    choose: z
      .literal('last')
      .optional()
      .describe(
        'Where it is there, the run is to end with its last weights and not with the best.',
      ),
    steps: whole.optional().describe('Steps that the run is planned for; missing in older ones.'),
    ended: z
      .literal(true)
      .optional()
      .describe('Where it is there, the run ended with this step: its last, or by early stopping.'),
    classes: z
      .array(z.string())
      .optional()
      .describe('Names of the classes, by their numbers; missing where they are not known.'),
    tensors: z
      .object({ bytes: whole, sha256: z.string().regex(/^[0-9a-f]{64}$/) })
      .describe('Of state.safetensors.'),
  })
  .describe('state.json of a checkpoint.');

/** The JSON schema of a checkpoint's state.json; schemas/checkpoint.schema.json holds it. */
export function checkpointJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    title: 'The state.json of a Gradus checkpoint',
    ...z.toJSONSchema(checkpointSchema, { io: 'input' }),
  };
}

/** Reads the text of a state.json. Throws an ArtifactError that lists what is wrong in `file`. */
export function parseCheckpointState(text: string, file: string): CheckpointState {
  return checked<CheckpointState>(checkpointSchema, text, file, {
    what: 'checkpoint',
    hint: 'delete this checkpoint folder and resume from an earlier one',
  });
}
