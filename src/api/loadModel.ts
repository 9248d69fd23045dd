import { isModel, type Model } from '../nn/defineModel.js';
import { loadModule } from '../frontend/load.js';
import { GradusError, invariant, ModelError } from '../support/errors.js';

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

/** Loads a model file, or takes a model as it is. Throws a ModelError where the file makes none. */
export async function loadModel(model: string | Model): Promise<LoadedModel> {
  if (typeof model !== 'string') return { model, source: model.name, tracing: (trace) => trace() };
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
