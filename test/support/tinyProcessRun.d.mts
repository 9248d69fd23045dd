import type { Trainer } from '../../src/api/trainer.js';

export function tinyProcessRun(
  gradus: object,
  folder: string,
  options: { readonly device?: string; readonly steps?: number },
): Promise<Trainer>;
