import type { Trainer } from '../../src/training/trainer/trainer.js';

export function tinyProcessRun(
  gradus: object,
  folder: string,
  options: { readonly device?: string; readonly steps?: number },
): Promise<Trainer>;
