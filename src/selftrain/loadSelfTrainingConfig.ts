import { loadConfig, type LoadedConfig } from '../api/loadTrainingConfig.js';
import { parseSelfTrainingConfig, type SelfTrainingConfig } from './config.js';

/** Loads and checks a config of `gradus selftrain`, TypeScript or JSON. Throws a ConfigError. */
export function loadSelfTrainingConfig(file: string): Promise<LoadedConfig<SelfTrainingConfig>> {
  return loadConfig(file, parseSelfTrainingConfig, 'defineSelfTraining');
}
