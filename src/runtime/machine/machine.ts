import { availableParallelism, cpus } from 'node:os';
import type { Json } from '../../contract/checkpointSchema.js';

/** Entry of run.json about the machine. */
export function machine(): Json {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    platform: `${process.platform}-${process.arch}`,
  };
}
