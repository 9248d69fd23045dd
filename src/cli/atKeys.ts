import type { KeyLocator } from '../language/frontend/configKeys.js';
import { GradusError } from '../support/errors.js';

/** Waits for a run of a config; an error that names an option, and no place, then has that of its key. */
export async function atKeys<T>(locate: KeyLocator, run: Promise<T>): Promise<T> {
  try {
    return await run;
  } catch (error) {
    if (!(error instanceof GradusError) || !error.option || error.where !== undefined) throw error;
    throw error.with({ where: locate(error.option) });
  }
}
