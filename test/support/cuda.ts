import { existsSync } from 'node:fs';

/** Whether there may be a GPU that CUDA runs on. */
export const hasCuda = existsSync('/dev/nvidia0');
