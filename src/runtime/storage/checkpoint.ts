/**
 * Checkpoints: folders `step-00000100` with state.safetensors and state.json. They depend on no
 * target, batch or opset, and appear whole or not at all.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseCheckpointState, type CheckpointState } from '../../contract/checkpointSchema.js';
import type { Manifest } from '../../contract/manifest.js';
import { keyKind } from '../../contract/names.js';
import { ArtifactError } from '../../support/errors.js';
import type { TensorData } from '../../support/tensor.js';
import { makeFolder, removeFolder, writeDurably, writeFolderAtomic } from './atomic.js';
import { readError } from './fileErrors.js';
import { hashFile } from './hashFile.js';
import { canonicalJson } from './json.js';
import { encodeSafetensors, readSafetensors, SafetensorsFile } from './safetensors.js';
import { placeNames, placesOf } from './places.js';

const folderName = /^step-(\d{8,})$/;

/** Facts in a checkpoint beside its tensors. */
export type CheckpointMeta = Omit<CheckpointState, 'format' | 'version' | 'tensors'>;

export interface Checkpoint {
  readonly path: string;
  readonly state: CheckpointState;
  /** Tensors by key; see contract/names. */
  readonly tensors: ReadonlyMap<string, TensorData>;
}

/** The folder of a step inside `folder`. */
export function checkpointPath(folder: string, step: number): string {
  return join(folder, `step-${String(step).padStart(8, '0')}`);
}

/**
 * Writes the checkpoint of meta.step into `folder`, replacing one of the same step; returns its
 * path. Throws a TrainingError if the disk is full.
 */
export function saveCheckpoint(
  folder: string,
  meta: CheckpointMeta,
  tensors: ReadonlyMap<string, TensorData>,
): string {
  const path = checkpointPath(folder, meta.step);
  writeCheckpoint(path, meta, tensors);
  return path;
}

/** Makes the folder `path` a checkpoint; what was there goes. Throws as saveCheckpoint. */
export function writeCheckpoint(
  path: string,
  meta: CheckpointMeta,
  tensors: ReadonlyMap<string, TensorData>,
): void {
  const pieces = encodeSafetensors(tensors);
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const state: CheckpointState = {
    ...meta,
    format: 'gradus-checkpoint',
    version: 1,
    tensors: { bytes, sha256: hash.digest('hex') },
  };
  makeFolder(dirname(path));
  const fill = (temporary: string): void => {
    const places = placesOf(temporary);
    writeDurably(places.tensors, pieces);
    writeDurably(places.state, [new TextEncoder().encode(canonicalJson(state))]);
  };
  writeFolderAtomic(path, fill, bytes);
}

/** Steps of the checkpoints in `folder`, ascending. */
export function listCheckpoints(folder: string): number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => {
      const digits = folderName.exec(name)?.[1];
      return digits === undefined ? [] : [Number(digits)];
    })
    .sort((a, b) => a - b);
}

/** Reads state.json of a checkpoint folder. */
export function readCheckpointState(path: string): CheckpointState {
  const file = placesOf(path).state;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw readError(
      error,
      file,
      'pass a checkpoint folder, such as runs/x/checkpoints/step-00000100',
    );
  }
  return parseCheckpointState(text, file);
}

/** Reads a checkpoint. Throws an ArtifactError that names the damaged file. */
export function loadCheckpoint(path: string): Checkpoint {
  const { state, file } = wholeCheckpoint(path);
  return { path, state, tensors: readSafetensors(file) };
}

/** A checkpoint whose tensors are read when they are asked for. */
export interface OpenCheckpoint extends Omit<Checkpoint, 'tensors'> {
  readonly tensors: SafetensorsFile;
}

/** Opens a checkpoint; the caller closes its tensors. Throws as loadCheckpoint. */
export function openCheckpoint(path: string): OpenCheckpoint {
  const { state, file } = wholeCheckpoint(path);
  return { path, state, tensors: SafetensorsFile.open(file) };
}

/** Holds the file of tensors against what state.json says of it. */
function wholeCheckpoint(path: string): { state: CheckpointState; file: string } {
  const state = readCheckpointState(path);
  const file = placesOf(path).tensors;
  const found = digestOf(file);
  const { bytes, sha256 } = state.tensors;
  if (found.bytes !== bytes || found.sha256 !== sha256)
    throw new ArtifactError(
      found.bytes === bytes
        ? `${file} is corrupt: its contents differ from what ${placeNames.state} records`
        : `${file} is corrupt: it has ${found.bytes} bytes, ${placeNames.state} records ${bytes}`,
      {
        code: 'checkpoint-corrupt',
        where: file,
        hint: `delete ${path}: the run then resumes from the checkpoint before it`,
      },
    );
  return { state, file };
}

function digestOf(file: string): { bytes: number; sha256: string } {
  const hash = createHash('sha256');
  try {
    const bytes = hashFile(hash, file);
    return { bytes, sha256: hash.digest('hex') };
  } catch (error) {
    throw readError(error, file, 'delete the folder of this checkpoint');
  }
}

export interface LatestCheckpoint {
  /** Undefined if there is none that can be read. */
  readonly checkpoint: Checkpoint | undefined;
  /** Faults of newer ones. */
  readonly damaged: readonly ArtifactError[];
}

/** Reads the newest checkpoint of `folder` that is whole. */
export function latestCheckpoint(folder: string): LatestCheckpoint {
  const damaged: ArtifactError[] = [];
  for (const step of listCheckpoints(folder).reverse())
    try {
      return { checkpoint: loadCheckpoint(checkpointPath(folder, step)), damaged };
    } catch (error) {
      if (!(error instanceof ArtifactError)) throw error;
      damaged.push(error);
    }
  return { checkpoint: undefined, damaged };
}

/**
 * Path of the checkpoint that a run in `folder` is to end with: the best, or the newest if none
 * was judged or the run chooses the last; undefined if there is none. The newest state.json says
 * so, so no kill can part the two.
 */
export function chosenCheckpointPath(folder: string): string | undefined {
  const newest = listCheckpoints(folder).at(-1);
  if (newest === undefined) return undefined;
  const path = checkpointPath(folder, newest);
  const { best, choose } = readCheckpointState(path);
  if (choose === 'last') return path;
  const bestPath = best && checkpointPath(folder, best.step);
  return bestPath !== null && existsSync(bestPath) ? bestPath : path;
}

/** Removes all but the last `keepLast` checkpoints and the best one. */
export function pruneCheckpoints(folder: string, keepLast: number, best?: number): void {
  const steps = listCheckpoints(folder);
  for (const step of steps.slice(0, Math.max(0, steps.length - keepLast)))
    if (step !== best) removeFolder(checkpointPath(folder, step));
}

/** Removes checkpoints newer than `step`, before a run is continued from there. */
export function discardCheckpointsAfter(folder: string, step: number): void {
  for (const later of listCheckpoints(folder))
    if (later > step) removeFolder(checkpointPath(folder, later));
}

/**
 * The checkpoint folder that a user means: a checkpoint, or a folder of checkpoints, a run or a
 * generation (then of its last phase the one that it chooses, mostly its best). Throws an ArtifactError if there is none.
 */
export function resolveCheckpoint(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new ArtifactError(
      `${path} is a file, but neither an .onnx model nor a checkpoint folder`,
      {
        code: 'no-checkpoint',
        where: path,
        hint: 'pass the folder of a checkpoint or a run, or a file with the extension .onnx',
      },
    );
  if (existsSync(placesOf(path).state) || folderName.test(basename(path))) return path;
  const { fixed, checkpoints } = placesOf(path);
  const found = [placesOf(fixed).checkpoints, path, checkpoints]
    .map((folder) => chosenCheckpointPath(folder))
    .find((chosen) => chosen !== undefined);
  if (found !== undefined) return found;
  throw new ArtifactError(`${path} contains no checkpoint`, {
    code: 'no-checkpoint',
    where: path,
    hint: networksHint(path),
  });
}

/** A self-training has a checkpoint for each of its networks, so none can stand for the run. */
function networksHint(path: string): string {
  const names = existsSync(path) ? readdirSync(path).sort() : [];
  const networks = names
    .map((name) => join(path, name))
    .filter((folder) => listCheckpoints(placesOf(folder).checkpoints).length > 0);
  if (networks.length > 0) return `pass one of the networks in it: ${networks.join(', ')}`;
  return 'pass a checkpoint folder such as runs/x/checkpoints/step-00000100, or the folder of a run that has saved one';
}

type ShapesByKey = ReadonlyMap<string, Pick<TensorData, 'shape'>>;

/** Facts that decide whether a checkpoint fits a model. */
export type Architecture = Pick<Manifest, 'name' | 'architectureHash' | 'params'>;

/** Throws an ArtifactError that names the first parameters by which a checkpoint differs from the model. */
export function requireArchitecture(
  { path, state, tensors }: Omit<Checkpoint, 'tensors'> & { readonly tensors: ShapesByKey },
  model: Architecture,
): void {
  const differences = weightDifferences(tensors, model.params);
  if (differences.length === 0 && state.architectureHash === model.architectureHash) return;
  const shown = differences.slice(0, 5).map((line) => `\n  ${line}`);
  const more = differences.length > 5 ? `\n  and ${differences.length - 5} more` : '';
  const reason =
    differences.length === 0
      ? ': its parameters fit, but its layers are of other kinds or in another order'
      : `:${shown.join('')}${more}`;
  throw new ArtifactError(
    `${path} is a checkpoint of another architecture than ${model.name}${reason}`,
    {
      code: 'architecture-mismatch',
      where: path,
      hint: 'use the model that it was trained with, or start a new run for the changed model',
    },
  );
}

/** Lines such as `stem.weight: [8,1,3,3] in the checkpoint, [16,1,3,3] in the model`, model's order first. */
export function weightDifferences(tensors: ShapesByKey, params: Manifest['params']): string[] {
  const known = new Set(params.map(({ name }) => name));
  const wrong = params.flatMap(({ name, shape }) => {
    const found = tensors.get(name);
    if (!found) return [`${name}: missing in the checkpoint, [${shape.join(',')}] in the model`];
    if (found.shape.join() === shape.join()) return [];
    return [
      `${name}: [${found.shape.join(',')}] in the checkpoint, [${shape.join(',')}] in the model`,
    ];
  });
  const extra = [...tensors]
    .filter(([key]) => keyKind(key) === 'weight' && !known.has(key))
    .map(([key, { shape }]) => `${key}: [${shape.join(',')}] in the checkpoint, not in the model`);
  return [...wrong, ...extra];
}
