import type { Services } from '../../src/cli/services.js';

export function gradusHere(
  args: readonly string[],
  cwd: string,
  services?: Partial<Services>,
): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }>;
