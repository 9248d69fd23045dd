import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { findShippedModel, shippedModels } from '../models/registry.js';
import { isModel, type Model } from '../../compiler/trace/defineModel.js';
import { installedModules } from './installation.js';
import { loadModule } from './load.js';
import { GradusError, ModelError } from '../../support/errors.js';
import { nearest } from '../../support/nearest.js';

/** A model with what it was loaded from. */
export interface LoadedModel {
  readonly model: Model;
  /** The path as given, or the model's name. */
  readonly source: string;
  /** Settled once the file's types are checked; rejected with the error that they make. */
  readonly checked: Promise<void>;
  /** Runs code that calls the model's build; what that throws becomes an error at the user's line. */
  tracing<T>(trace: () => T): T;
}

/**
 * Loads a model file or a shipped model by its name, or takes a model as it is. A file that exists
 * wins over a name. `typesBeside`: whether the file runs while its types are still being checked.
 * Throws a ModelError if there is none.
 */
export async function loadModel(
  model: string | Model,
  { typesBeside = false } = {},
): Promise<LoadedModel> {
  if (typeof model !== 'string') return asItIs(model, model.name);
  const shipped = isFile(model) ? undefined : findShippedModel(model);
  if (shipped) return asItIs(shipped.model, model);
  refuseUnknownName(model);
  const modules = await installedModules();
  const { module, explain, checked } = await loadModule(model, { modules, typesBeside });
  const made = module['default'];
  if (!isModel(made)) {
    await checked;
    throw new ModelError(`${model} does not export a model as its default`, {
      code: 'no-model',
      where: model,
      hint: 'write `export default defineModel({ ... })`',
    });
  }
  const tracing = <T>(trace: () => T): T => {
    try {
      return trace();
    } catch (error) {
      throw error instanceof GradusError ? error : explain(error);
    }
  };
  return { model: made, source: model, checked, tracing };
}

function asItIs(model: Model, source: string): LoadedModel {
  return { model, source, checked: Promise.resolve(), tracing: (trace) => trace() };
}

/** A word that is neither a path nor the start of one was meant as a shipped model's name. */
function refuseUnknownName(name: string): void {
  if (!isWord(name) || statSync(name, { throwIfNoEntry: false })) return;
  const near = nearest(
    name,
    shippedModels.map((shipped) => shipped.name),
  );
  throw new ModelError(`${name} is neither a file nor a shipped model`, {
    code: 'missing-file',
    where: name,
    hint:
      near === undefined
        ? 'name a model file, such as my.model.ts, or a shipped model, such as efficientnet_b0'
        : `did you mean ${near}?`,
  });
}

/**
 * Resolves a config's `model`: a file, from the config's folder, or a shipped model's name if there
 * is no such file.
 */
export function modelPath(model: string, folder: string): string {
  const path = resolve(folder, model);
  return isWord(model) && !isFile(path) ? model : path;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isWord(text: string): boolean {
  return /^[\w-]+$/.test(text);
}
