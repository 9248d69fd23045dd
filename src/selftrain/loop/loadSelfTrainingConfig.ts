import { loadConfig, type LoadedConfig } from '../../training/config/loadTrainingConfig.js';
import type { ConfigSetting } from '../../training/config/configSettings.js';
import { parseSelfTrainingConfig, type SelfTrainingConfig } from './config.js';

/** Loads and checks a config of `gradus selftrain`, TypeScript or JSON, with settings. Throws a ConfigError. */
export function loadSelfTrainingConfig(
  file: string,
  settings?: readonly ConfigSetting[],
): Promise<LoadedConfig<SelfTrainingConfig>> {
  return loadConfig(file, parseSelfTrainingConfig, 'defineSelfTraining', settings);
}
