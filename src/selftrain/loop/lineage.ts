/**
 * The stages of a self-training and which weights and labels came from which: lineage.json. A stage
 * that is recorded as done is not done again while its inputs and its outputs are those of then.
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { z } from 'zod';
import type { Json } from '../../contract/checkpointSchema.js';
import { checked } from '../../contract/schema.js';
import { configChanges } from '../../training/config/configChanges.js';
import { writeFileAtomic } from '../../runtime/storage/atomic.js';
import { readError } from '../../runtime/storage/fileErrors.js';
import { hashOfPath } from '../../runtime/storage/hashFile.js';
import { canonicalJson } from '../../runtime/storage/json.js';
import { placesOf } from '../../runtime/storage/places.js';
import { ArtifactError, ConfigError } from '../../support/errors.js';
import { option, phrase } from '../../support/phrase.js';
import { isObject } from '../../support/objects.js';

const json = z.json().transform((value): Json => value);

const stageSchema = z.object({
  state: z.enum(['begun', 'done']),
  /** All that decides what the stage makes: its part of the config, and its inputs by SHA-256. */
  inputs: json,
  /** SHA-256 of what it made, by path in the run's folder. */
  outputs: z.record(z.string(), z.string()),
  /** Result that the stages after it use. */
  result: json,
  /** Time that it took, in all its attempts. */
  seconds: z.number(),
});

const lineageSchema = z.object({
  format: z.literal('gradus-lineage'),
  version: z.literal(1),
  /** Stages by name, in the order in which they began. */
  stages: z.record(z.string(), stageSchema),
});

type StageRecord = z.output<typeof stageSchema>;

export interface Stage<T extends Json> {
  /** `student-1/train` */
  readonly name: string;
  readonly inputs: Json;
  /** Fills in what an older version left out of its record of `inputs`; the record as it is if missing. */
  readonly complete?: (recorded: Json) => Json;
  /** Names of what the hashes in `inputs` are of, by key: data, and products of earlier stages. */
  readonly called?: Readonly<Record<string, string>>;
  /** True if it is quickly redone, so that one that failed may begin again with other inputs. */
  readonly short?: boolean;
  /** Files and folders that it makes, from its result: paths in the run's folder. */
  readonly outputs: (result: T) => readonly string[];
  /** Makes them, going on with what an interrupted attempt left; undefined if it was stopped. */
  readonly run: () => Promise<T | undefined>;
  /** Removes what an attempt with other inputs left. */
  readonly clear: () => void;
}

export interface StagesOptions {
  /** Do again what the config says otherwise than before, and all that follows; refused unless told. */
  readonly overwrite?: boolean | undefined;
  /** Do again what other data than before decide, but not what the config says otherwise. */
  readonly acceptData?: boolean | undefined;
  /** Told of a stage that is not done again. */
  readonly onSkip?: ((stage: string) => void) | undefined;
  /** Told of a stage that is done now. */
  readonly onBegin?: ((stage: string) => void) | undefined;
}

/** Runs stages in a run's folder, each once. */
export class Stages {
  readonly #file: string;
  readonly #stages: Record<string, StageRecord>;

  /** Throws an ArtifactError if lineage.json is damaged. */
  constructor(
    private readonly folder: string,
    private readonly options: StagesOptions = {},
  ) {
    this.#file = placesOf(folder).lineage;
    this.#stages = readStages(this.#file);
  }

  /** Seconds that all recorded stages took. */
  get seconds(): number {
    return Object.values(this.#stages).reduce((sum, { seconds }) => sum + seconds, 0);
  }

  /** SHA-256 of an output of a stage that is done. */
  hashOf(stage: string, output: string): string {
    return this.#stages[stage]?.outputs[output] ?? '';
  }

  /** Inputs that decided a stage's outputs; undefined if it was never begun. */
  inputsOf(stage: string): Json | undefined {
    return this.#stages[stage]?.inputs;
  }

  /** Seconds that a stage took. */
  secondsOf(stage: string): number {
    return this.#stages[stage]?.seconds ?? 0;
  }

  /**
   * The result of a stage, done now or before; undefined if it was interrupted. Throws a
   * ConfigError if the folder holds the stage with other inputs.
   */
  async run<T extends Json>(stage: Stage<T>): Promise<T | undefined> {
    const { name, inputs } = stage;
    const before = this.#recorded(stage);
    const same = before && canonicalJson(before.inputs) === canonicalJson(inputs);
    if (before && !same) this.#replace(stage, before);
    else if (before?.state === 'done' && this.#isThere(before)) {
      this.options.onSkip?.(name);
      return before.result as T;
    }
    const start = performance.now();
    const spent = same ? before.seconds : 0;
    const seconds = (): number => spent + (performance.now() - start) / 1000;
    const begun: StageRecord = {
      state: 'begun',
      inputs,
      outputs: {},
      result: null,
      seconds: spent,
    };
    this.#write(name, begun);
    this.options.onBegin?.(name);
    const result = await stage.run();
    if (result === undefined) {
      this.#write(name, { ...begun, seconds: seconds() });
      return undefined;
    }
    const outputs = Object.fromEntries(
      stage.outputs(result).map((path) => [path, hashOfPath(join(this.folder, path))]),
    );
    this.#write(name, { state: 'done', inputs, outputs, result, seconds: seconds() });
    return result;
  }

  #recorded<T extends Json>({ name, complete }: Stage<T>): StageRecord | undefined {
    const before = this.#stages[name];
    return before && complete ? { ...before, inputs: complete(before.inputs) } : before;
  }

  #replace<T extends Json>(stage: Stage<T>, before: StageRecord): void {
    const { name, inputs, clear, called, short = false } = stage;
    const nothingLost = short && before.state === 'begun';
    const { overwrite = false, acceptData = false } = this.options;
    const accepted = acceptData && differInData(before.inputs, inputs, called);
    if (!overwrite && !accepted && !nothingLost)
      throw new ConfigError(`${this.folder} holds ${name} made with another config or other data`, {
        code: 'config-differs',
        where: this.folder,
        notes: configChanges(before.inputs, inputs, called),
        hint: phrase`${option('overwrite', true)} repeats that stage and everything that depends on it; or choose another name for the run`,
      });
    clear();
  }

  #isThere({ outputs }: StageRecord): boolean {
    return Object.entries(outputs).every(([path, hash]) => {
      const place = this.#placeOf(path);
      return place !== undefined && hashOfPath(place) === hash;
    });
  }

  /**
   * Resolves the path of an output; undefined if it is gone. Throws an ArtifactError unless it lies
   * in the run's folder.
   */
  #placeOf(path: string): string | undefined {
    const place = join(this.folder, path);
    const outside = (reason: string): ArtifactError =>
      new ArtifactError(`${this.#file} names ${JSON.stringify(path)}, which ${reason}`, {
        code: 'lineage-output',
        where: this.#file,
        hint: 'restore lineage.json, or choose another name for the run',
      });
    if (path === '' || path.includes('\0') || isAbsolute(path) || !isBelow(this.folder, place))
      throw outside("is outside the run's folder");
    if (!existsSync(place)) return undefined;
    // A folder of the run may be a link, but leads no output out of the run.
    if (!isBelow(realpathSync(this.folder), realpathSync(place)))
      throw outside("is a link out of the run's folder");
    return place;
  }

  #write(name: string, record: StageRecord): void {
    this.#stages[name] = record;
    const lineage = { format: 'gradus-lineage', version: 1, stages: this.#stages };
    // Not sorted: the order of the stages is that in which they were done.
    writeFileAtomic(this.#file, `${JSON.stringify(lineage, null, 2)}\n`);
  }
}

/** True for a path below a folder. */
function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** True if two records of inputs differ only under keys that have a name in `called`. */
function differInData(a: Json, b: Json, called: Stage<Json>['called'] = {}): boolean {
  if (!isObject(a) || !isObject(b)) return false;
  const same = (key: string): boolean =>
    canonicalJson([a[key] ?? null]) === canonicalJson([b[key] ?? null]);
  // A model is a file of the config's.
  const isData = (key: string): boolean => key in called && key !== 'architecture';
  return Object.keys({ ...a, ...b }).every((key) => isData(key) || same(key));
}

function readStages(file: string): Record<string, StageRecord> {
  if (!existsSync(file)) return {};
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw readError(error, file);
  }
  const hint = 'restore it, or choose another name for the run';
  return checked(lineageSchema, text, file, { what: 'lineage', hint }).stages;
}
