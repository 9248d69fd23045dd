import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BenchMode } from '../src/contract/choices.js';
import type { Figures } from './gpu.js';

/** PyTorch on this machine, and what of it is measured. */
export interface TorchGpu {
  readonly version: string;
  /** Words joined by +; see torchGpu.py. */
  readonly variants: readonly string[];
}

const python = process.env['PYTHON'] ?? 'python3';

/** The last line on standard error tells what went wrong. */
function runPython(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(python, args, { timeout: 600_000 }, (error, stdout, stderr) => {
      const last = stderr.trim().split('\n').at(-1) ?? '';
      if (error) reject(new Error(last === '' ? error.message : last));
      else resolve(stdout);
    });
  });
}

const question =
  'import json, torch, torchvision; print(json.dumps([torch.__version__, torch.cuda.is_available()]))';

/** PyTorch of the Python that the variable PYTHON names, or why there is none. */
export async function findTorch({
  onCpu,
}: {
  readonly onCpu: boolean;
}): Promise<TorchGpu | string> {
  try {
    const [version, cuda] = JSON.parse(await runPython(['-c', question])) as [string, boolean];
    if (!cuda && !onCpu) return `PyTorch ${version} sees no CUDA`;
    const onGpu = ['channels_last+amp', ...(/^1\./.test(version) ? [] : [compiled])];
    return { version, variants: ['eager', 'channels_last', ...(cuda ? onGpu : [])] };
  } catch (error) {
    return `${python}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

const compiled = 'compiled+channels_last+amp';

/** Steps that PyTorch takes. */
export interface TorchRequest {
  readonly model: string;
  readonly batch: number;
  readonly size: number;
  readonly mode: BenchMode;
  readonly variant: string;
  readonly steps: number;
}

/** Runs them in a process of their own. */
export async function torchSteps(request: TorchRequest): Promise<Figures> {
  const { model, batch, size, mode, variant, steps } = request;
  const script = fileURLToPath(new URL('peers/torchGpu.py', import.meta.url));
  const args = [model, String(batch), String(size), mode, variant, String(steps)];
  return JSON.parse(await runPython([script, ...args])) as Figures;
}
