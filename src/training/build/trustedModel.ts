/**
 * A model file is a program, so a checkpoint alone does not decide which one runs. A network that a run
 * recorded as data is evaluated from its record; a file is run if its owner names it or trusts it, or if
 * it lies outside the run and is the one that the run was trained with.
 */
import { realpathSync } from 'node:fs';
import { basename, dirname, resolve, sep } from 'node:path';
import type { Manifest } from '../../contract/manifest.js';
import { findShippedModel } from '../../language/models/registry.js';
import { findRun } from '../../runtime/storage/runFolder.js';
import { placeNames, placesOf } from '../../runtime/storage/places.js';
import { ArtifactError } from '../../support/errors.js';
import { option, phrase } from '../../support/phrase.js';
import { hashOfModelFile, openRecord } from './architectureRecord.js';
import { loadModel, type LoadedModel } from '../../language/frontend/loadModel.js';

/** Permission to run the model file of a checkpoint. */
export interface ModelTrust {
  /** Runs the model file that the checkpoint names, whatever it is (default: false). */
  readonly trust?: boolean | undefined;
  /** The network is to draw noise or to take another image size, of which the record knows nothing. */
  readonly changed?: boolean | undefined;
}

/**
 * The network of a checkpoint: as it was recorded, else by the model file `named`. Throws an
 * ArtifactError for a file that lies inside the run, or that has changed since the training.
 */
export async function trustedModel(
  checkpoint: string,
  named: () => string,
  manifest: Manifest | undefined,
  { trust = false, changed = false }: ModelTrust,
): Promise<LoadedModel> {
  const shipped = shippedName(named);
  if (shipped !== undefined) return loadModel(shipped);
  const folders = [checkpoint, placesOf(resolve(checkpoint, '../..')).artifacts];
  const recorded = trust || changed ? undefined : openRecord(folders);
  if (recorded) return recorded;
  const file = named();
  const sha256 = hashOfModelFile(file);
  if (trust) return loadModel(file);
  const fault = isInside(file, checkpoint)
    ? 'is in the folder of the run'
    : manifest?.modelSha256 !== undefined && manifest.modelSha256 !== sha256
      ? 'is not the file that the network was trained with'
      : undefined;
  if (fault === undefined) return loadModel(file);
  throw new ArtifactError(`${checkpoint} would run ${file}, which ${fault}`, {
    code: 'untrusted-model',
    where: file,
    notes: ['a model file is a program, which can do anything that you can'],
    hint: phrase`inspect the file; then pass it with ${option('model', 'FILE')}, or pass ${option('trust', true)}`,
  });
}

/** The name of a shipped model, which is part of this package, if the checkpoint names one. */
function shippedName(named: () => string): string | undefined {
  try {
    const name = named();
    return findShippedModel(name) && hashOfModelFile(name) === undefined ? name : undefined;
  } catch {
    // The file is gone, which a record can do without.
    return undefined;
  }
}

function isInside(file: string, checkpoint: string): boolean {
  const above = dirname(resolve(checkpoint));
  const run =
    findRun(checkpoint)?.path ??
    (basename(above) === placeNames.checkpoints ? dirname(above) : checkpoint);
  const place = real(file);
  return [checkpoint, run].some((folder) => place.startsWith(`${real(folder)}${sep}`));
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
