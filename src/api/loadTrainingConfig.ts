import { dirname, resolve } from 'node:path';
import type { KeyLocator } from '../frontend/configKeys.js';
import { loadModule } from '../frontend/load.js';
import { ConfigError } from '../support/errors.js';
import { parseTrainingConfig, type TrainingConfig } from './config.js';
import { providedModules } from './loadModel.js';

/** A config with where its relative paths start. */
export interface LoadedConfig<C = TrainingConfig> {
  readonly config: C;
  /** Folder of the file, absolute. */
  readonly folder: string;
}

/** Checks what a config file exports. */
type Parse<C> = (written: unknown, file: string, locate: KeyLocator) => C;

/** Loads and checks a config of `gradus train`, TypeScript or JSON. Throws a ConfigError. */
export function loadTrainingConfig(file: string): Promise<LoadedConfig> {
  return loadConfig(file, parseTrainingConfig, 'defineTraining');
}

/** Loads a config by its default export; `define` is the function that types it. */
export async function loadConfig<C>(
  file: string,
  parse: Parse<C>,
  define: string,
): Promise<LoadedConfig<C>> {
  const { module, locate } = await loadModule(file, { modules: providedModules(), kind: 'config' });
  const { default: written } = module;
  if (written === undefined)
    throw new ConfigError(`${file} has no config as its default export`, {
      code: 'no-config',
      where: file,
      hint: `write \`export default ${define}({ ... })\``,
    });
  return { config: parse(written, file, locate), folder: dirname(resolve(file)) };
}
