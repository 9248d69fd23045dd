import { spawnSync } from 'node:child_process';
import type { TestContext } from 'vitest';
import { GradusError } from '../../src/support/errors.js';

/** Debian's own interpreter: its packages (python3-onnx, python3-numpy) are invisible to others. */
const interpreter = '/usr/bin/python3';

const known = new Map<string, boolean>();

/** Whether the system's Python can import all of `modules`. */
export function hasPython(modules: readonly string[]): boolean {
  const statement = `import ${['sys', ...modules].join(', ')}`;
  const cached = known.get(statement);
  if (cached !== undefined) return cached;
  const found = spawnSync(interpreter, ['-c', statement], { timeout: 60_000 }).status === 0;
  known.set(statement, found);
  return found;
}

/** For `beforeEach`: skips a test, with its reason, where Python or one of `modules` is missing. */
export function requirePython(context: TestContext, modules: readonly string[]): void {
  const packages = modules.map((name) => `python3-${name}`).join(' ');
  context.skip(!hasPython(modules), `${interpreter} needs ${packages} (apt-get install)`);
}

/** Standard output of a Python script file run with `args`; throws with its standard error. */
export function runPython(script: string, args: readonly string[] = []): string {
  const result = spawnSync(interpreter, [script, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 256 * 2 ** 20,
  });
  if (result.status === 0) return result.stdout;
  const detail = result.error?.message ?? result.stderr.trim();
  throw new GradusError(`python failed (exit ${result.status ?? result.signal}): ${detail}`, {
    code: 'python',
  });
}
