import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CheckpointState } from '../../contract/checkpointSchema.js';
import type { Manifest } from '../../contract/manifest.js';
import { parseManifest } from '../../contract/manifest.js';
import { findShippedModel } from '../../language/models/registry.js';
import type { Model } from '../../compiler/trace/defineModel.js';
import { findRun } from '../../runtime/storage/runFolder.js';
import { placesOf } from '../../runtime/storage/places.js';
import { ArtifactError } from '../../support/errors.js';
import { option, phrase } from '../../support/phrase.js';
import { field } from '../../support/objects.js';
import { loadModel, modelPath, type LoadedModel } from '../../language/frontend/loadModel.js';
import { importedPixels, withPixels } from './publishedPixels.js';
import { configFolders } from '../record/runRecord.js';
import { trustedModel, type ModelTrust } from '../build/trustedModel.js';

/** Facts about a checkpoint's network from the files around it. */
export interface CheckpointModel {
  readonly loaded: LoadedModel;
  /** [C,H,W], if it is recorded. */
  readonly image: readonly [number, number, number] | undefined;
  /** Format in which it was given images, if that is recorded. */
  readonly imageFormat: Manifest['imageFormat'] | undefined;
  /** Rates of its noise in training, if the config has them; else they are the model's own. */
  readonly rates: NoiseRates;
}

/** Dropout before the classifier, and stochastic depth of the last block: shares that are dropped. */
export interface NoiseRates {
  readonly drop?: number | undefined;
  readonly dropPath?: number | undefined;
}

/**
 * Finds the model of a checkpoint: `given`, else the network that its run recorded, else the file that
 * its config or the manifest of its run names, if that may be trusted. Throws an ArtifactError if none of them exists.
 */
export async function modelOfCheckpoint(
  path: string,
  { config }: Pick<CheckpointState, 'config'>,
  given: string | Model | undefined,
  trust: ModelTrust = {},
): Promise<CheckpointModel> {
  const manifest = manifestBeside(path);
  const size = field(config, 'size');
  const found =
    given === undefined
      ? await trustedModel(path, () => findModel(path, config, manifest), manifest, trust)
      : await loadModel(given);
  const loaded = withPixels(found, importedPixels(config, path));
  const [channels] = loaded.model.input.shape;
  return {
    loaded,
    image: typeof size === 'number' ? [channels, size, size] : manifest?.image,
    imageFormat: manifest?.imageFormat,
    rates: ratesOf(field(config, 'noise')),
  };
}

function ratesOf(noise: unknown): NoiseRates {
  const rate = (key: string): number | undefined => {
    const value = field(noise, key);
    return typeof value === 'number' ? value : undefined;
  };
  return { drop: rate('dropout'), dropPath: rate('dropPath') };
}

function findModel(path: string, config: unknown, manifest: Manifest | undefined): string {
  const inConfig = field(config, 'model');
  const named = [
    ...(typeof inConfig === 'string'
      ? foldersOf(path, config).map((folder) => modelPath(inConfig, folder))
      : []),
    ...(manifest ? [modelPath(manifest.model, '.')] : []),
  ];
  const found = named.find((name) => existsSync(name) || findShippedModel(name) !== undefined);
  if (found !== undefined) return found;
  throw new ArtifactError(
    named.length === 0 ? `${path} does not record its model` : `the model of ${path} is missing`,
    {
      code: 'model-unknown',
      where: path,
      notes: [...new Set(named)].map((name) => `${name} does not exist`),
      hint: phrase`pass the model: ${option('model', 'NAME_OR_PATH')}`,
    },
  );
}

/**
 * Folders that a config's paths may start from: for an import, its own; for a run, the one in
 * run.json.
 */
function foldersOf(path: string, config: unknown): readonly string[] {
  if (field(config, 'imported') !== undefined) return [path];
  const run = findRun(path);
  const folders = run ? configFolders(run) : [];
  return folders.length > 0 ? folders : ['.'];
}

/** The manifest of the run, or of the generation, that a checkpoint lies in. */
function manifestBeside(path: string): Manifest | undefined {
  const file = placesOf(placesOf(resolve(path, '../..')).artifacts).manifest;
  return existsSync(file) ? parseManifest(readFileSync(file, 'utf8'), file) : undefined;
}
