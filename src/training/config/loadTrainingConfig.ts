import { dirname, resolve } from 'node:path';
import type { KeyLocator } from '../../language/frontend/configKeys.js';
import { loadModule } from '../../language/frontend/load.js';
import { ConfigError } from '../../support/errors.js';
import { parseTrainingConfig, type TrainingConfig } from './config.js';
import { explainSettings, withSettings, type ConfigSetting } from './configSettings.js';
import { installedModules } from '../../language/frontend/installation.js';

/** A config with where its relative paths start. */
export interface LoadedConfig<C = TrainingConfig> {
  readonly config: C;
  /** Folder of the file, absolute. */
  readonly folder: string;
  /** Finds the place of a key, in the file or among the settings. */
  readonly locate: KeyLocator;
}

/** Checks what a config file exports. */
type Parse<C> = (written: unknown, file: string, locate: KeyLocator) => C;

/** Loads and checks a config of `gradus train`, TypeScript or JSON, with settings. Throws a ConfigError. */
export function loadTrainingConfig(
  file: string,
  settings?: readonly ConfigSetting[],
): Promise<LoadedConfig> {
  return loadConfig(file, parseTrainingConfig, 'defineTraining', settings);
}

/**
 * Loads a config by its default export; `define` is the function that types it. Settings take the place of
 * what the file says before it is checked.
 */
export async function loadConfig<C>(
  file: string,
  parse: Parse<C>,
  define: string,
  settings: readonly ConfigSetting[] = [],
): Promise<LoadedConfig<C>> {
  const modules = await installedModules();
  const { module, locate } = await loadModule(file, { modules, kind: 'config' });
  const { default: written } = module;
  if (written === undefined)
    throw new ConfigError(`${file} does not export a config as its default`, {
      code: 'no-config',
      where: file,
      hint: `write \`export default ${define}({ ... })\``,
    });
  const set = withSettings(written, settings, locate);
  try {
    const config = parse(set.config, file, set.locate);
    return { config, folder: dirname(resolve(file)), locate: set.locate };
  } catch (error) {
    throw explainSettings(error, settings);
  }
}
