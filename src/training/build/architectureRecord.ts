/** The network of a checkpoint as data, beside the manifest of its artifacts or in the checkpoint itself. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import type { Manifest } from '../../contract/manifest.js';
import { checked } from '../../contract/schema.js';
import { recordedModel, recordModel, recordSchema } from '../../compiler/compile/recordedModel.js';
import { readError } from '../../runtime/storage/fileErrors.js';
import { hashOfPath } from '../../runtime/storage/hashFile.js';
import { placeNames, placesOf } from '../../runtime/storage/places.js';
import type { LoadedModel } from '../../language/frontend/loadModel.js';

/** The text of a record's file, and what the manifest says of the model. */
export interface ArchitectureRecord {
  readonly text: string;
  readonly manifest: { readonly architecture: string; readonly modelSha256?: string };
}

/** Records a loaded model for the classes and the image of a manifest. */
export function recordOf(
  loaded: LoadedModel,
  { classes, image }: Pick<Manifest, 'classes' | 'image'>,
): ArchitectureRecord {
  const record = loaded.tracing(() => recordModel(loaded.model, { classes, image }));
  const modelSha256 = hashOfModelFile(loaded.source);
  return {
    text: `${JSON.stringify(record)}\n`,
    manifest: {
      architecture: placeNames.architecture,
      ...(modelSha256 !== undefined && { modelSha256 }),
    },
  };
}

/** SHA-256 of a model file; undefined for a model that is not a file. */
export function hashOfModelFile(path: string): string | undefined {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  return isFile ? hashOfPath(path) : undefined;
}

/**
 * The recorded network in the first of `folders` that has one. Throws an ArtifactError if it is
 * damaged.
 */
export function openRecord(folders: readonly string[]): LoadedModel | undefined {
  const file = folders
    .map((folder) => placesOf(folder).architecture)
    .find((path) => existsSync(path));
  if (file === undefined) return undefined;
  const record = checked(recordSchema, readText(file), file, {
    what: 'architecture',
    hint: 'restore it, or pass the model file',
  });
  const model = recordedModel(record, file);
  return {
    model,
    source: file,
    checked: Promise.resolve(),
    tracing: (trace) => trace(),
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw readError(error, file);
  }
}
