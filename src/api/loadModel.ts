import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { findShippedModel, shippedModels } from '../models/registry.js';
import { isModel, type Model } from '../nn/defineModel.js';
import { loadModule } from '../frontend/load.js';
import { GradusError, invariant, ModelError } from '../support/errors.js';
import { nearest } from '../support/nearest.js';

/** A model with what it was loaded from. */
export interface LoadedModel {
  readonly model: Model;
  /** The path as given, or the model's name. */
  readonly source: string;
  /** Runs code that calls the model's build; what that throws becomes an error at the user's line. */
  tracing<T>(trace: () => T): T;
}

let installed: Readonly<Record<string, object>> | undefined;

/** Tells which namespace objects users' files get when they import `gradus`; the public API does. */
export function provideModules(modules: Readonly<Record<string, object>>): void {
  installed = modules;
}

/** The namespace objects that users' files get. */
export function providedModules(): Readonly<Record<string, object>> {
  invariant(installed, 'no modules were provided');
  return installed;
}

/**
 * Loads a model file or a shipped model by its name, or takes a model as it is. A file that exists
 * wins over a name. Throws a ModelError where there is none.
 */
export async function loadModel(model: string | Model): Promise<LoadedModel> {
  if (typeof model !== 'string') return { model, source: model.name, tracing: (trace) => trace() };
  const shipped = isFile(model) ? undefined : findShippedModel(model);
  if (shipped) return { model: shipped.model, source: model, tracing: (trace) => trace() };
  refuseUnknownName(model);
  const { module, explain } = await loadModule(model, { modules: providedModules() });
  const made = module['default'];
  if (!isModel(made))
    throw new ModelError(`${model} has no model as its default export`, {
      code: 'no-model',
      where: model,
      hint: 'write `export default defineModel({ ... })`',
    });
  const tracing = <T>(trace: () => T): T => {
    try {
      return trace();
    } catch (error) {
      throw error instanceof GradusError ? error : explain(error);
    }
  };
  return { model: made, source: model, tracing };
}

/** A word that is neither a path nor the start of one was meant as a shipped model's name. */
function refuseUnknownName(name: string): void {
  if (!isWord(name) || statSync(name, { throwIfNoEntry: false })) return;
  const near = nearest(
    name,
    shippedModels.map((shipped) => shipped.name),
  );
  throw new ModelError(`there is neither a file nor a shipped model ${name}`, {
    code: 'missing-file',
    where: name,
    hint:
      near === undefined
        ? 'name a model file, such as my.model.ts, or a shipped model, such as efficientnet_b0'
        : `did you mean ${near}?`,
  });
}

/**
 * What a config's `model` means: a file, from the config's folder, or a shipped model's name where
 * there is no such file.
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
