import { dirname, resolve } from 'node:path';
import { loadModule } from '../frontend/load.js';
import { ConfigError } from '../support/errors.js';
import { parseTrainingConfig, type TrainingConfig } from './config.js';
import { providedModules } from './loadModel.js';

/** A config with where its relative paths start. */
export interface LoadedConfig {
  readonly config: TrainingConfig;
  /** Folder of the file, absolute. */
  readonly folder: string;
}

/** Loads and checks a config of `gradus train`, TypeScript or JSON. Throws a ConfigError. */
export async function loadTrainingConfig(file: string): Promise<LoadedConfig> {
  const { module, locate } = await loadModule(file, { modules: providedModules(), kind: 'config' });
  const { default: written } = module;
  if (written === undefined)
    throw new ConfigError(`${file} has no config as its default export`, {
      code: 'no-config',
      where: file,
      hint: 'write `export default defineTraining({ ... })`',
    });
  return { config: parseTrainingConfig(written, file, locate), folder: dirname(resolve(file)) };
}
