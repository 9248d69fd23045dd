export function gradusHere(
  args: readonly string[],
  cwd: string,
): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }>;
