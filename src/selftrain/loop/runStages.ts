/**
 * Resources of a self-training run, and the running of its stages, each of which is skipped if it
 * was done.
 */
import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { removeOwnFiles } from '../../runtime/storage/ownFiles.js';
import type { Tell } from '../../training/listeners/tell.js';
import type { Telling } from '../../contract/events.js';
import type { Json } from '../../contract/checkpointSchema.js';
import type { SelfTrainingConfig } from './config.js';
import type { GenerationContext } from './generation.js';
import type { Stage, Stages } from './lineage.js';
import type { SelfTrainingNetwork } from './networks.js';
import type { SelfTrainingSources } from './sets.js';
import { isObject } from '../../support/objects.js';

/** Callbacks and switches of a self-training. */
export interface PipelineControl extends Telling {
  /** Aborted: stops at the next step or batch; what is done stays. */
  readonly signal?: AbortSignal | undefined;
}

/** Control of the stages, whose events go to all who listen to the run. */
export interface StageControl extends Pick<PipelineControl, 'signal'> {
  readonly onEvent: Tell;
}

/** Thrown to leave a run that was told to stop. */
export class Interrupted extends Error {}

/** Parts of a run, all checked before any long work begins. */
export interface PipelineParts {
  readonly config: SelfTrainingConfig;
  /** Folder that the config's paths start from. */
  readonly configFolder: string;
  /** The teacher and the students, in order. */
  readonly networks: readonly SelfTrainingNetwork[];
  readonly sources: SelfTrainingSources;
  /** Names of the classes that the run began with, if it goes on. */
  readonly recorded?: readonly string[] | undefined;
  readonly stages: Stages;
  readonly context: GenerationContext;
  readonly control: StageControl;
}

/** Runs the stages of a run in its folder. */
export class RunStages {
  constructor(readonly parts: PipelineParts) {}

  /** The result of a stage, done now or before; throws Interrupted if it was stopped. */
  async stage<T extends Json>(stage: Stage<T>): Promise<T> {
    const { stages, control } = this.parts;
    const result = control.signal?.aborted === true ? undefined : await stages.run(stage);
    if (result === undefined) throw new Interrupted(stage.name);
    return result;
  }

  /** Resolves a path in the run's folder. */
  path(path: string): string {
    return join(this.parts.context.folder, path);
  }

  /** Removes what an attempt with other inputs left. */
  remove(path: string): void {
    const place = this.path(path);
    if (!existsSync(place)) return;
    if (statSync(place).isDirectory()) removeOwnFiles(place);
    else rmSync(place);
  }
}

/** Names of the sets behind the fingerprints among a stage's inputs. */
export const calledSets = {
  labelled: 'the labelled images',
  validation: 'the held-out images',
  unlabelled: 'the unlabelled images',
  test: 'the test images',
} as const;

/** Inputs that a stage recorded, whose part `key` gets the defaults of keys that have come since. */
export function completed(
  recorded: Json,
  key: string,
  withDefaults: (part: unknown) => unknown,
): Json {
  if (!isObject(recorded) || !(key in recorded)) return recorded;
  return plain({ ...recorded, [key]: withDefaults(recorded[key]) });
}

/** A config's part as plain JSON, without keys that are undefined. */
export function plain(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
