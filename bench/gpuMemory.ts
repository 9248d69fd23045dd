import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** Watches how much memory of the first GPU is in use; undefined where no tool tells. */
export interface MemoryMeter {
  /** Bytes in use, the last reading. */
  used(): number | undefined;
  /** The most since the last call. */
  takePeak(): number | undefined;
  stop(): void;
}

const milliseconds = 100;

/** NVIDIA's tool or AMD's driver; Intel's GPUs and SwiftShader use the machine's memory. */
export async function startMeter(): Promise<MemoryMeter | undefined> {
  return (await nvidiaMeter()) ?? amdMeter();
}

class Readings {
  #last: number | undefined;
  #peak: number | undefined;

  constructor(readonly stop: () => void) {}

  add(bytes: number): void {
    this.#last = bytes;
    this.#peak = Math.max(bytes, this.#peak ?? 0);
  }

  used(): number | undefined {
    return this.#last;
  }

  takePeak(): number | undefined {
    const peak = this.#peak;
    this.#peak = this.#last;
    return peak;
  }
}

function nvidiaMeter(): Promise<MemoryMeter | undefined> {
  const query = ['-i', '0', '--query-gpu=memory.used', '--format=csv,noheader,nounits'];
  const child = spawn('nvidia-smi', [...query, '-lms', String(milliseconds)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const readings = new Readings(() => child.kill());
  return new Promise((resolve) => {
    child.on('error', () => resolve(undefined));
    child.on('exit', () => resolve(undefined));
    createInterface(child.stdout).on('line', (line) => {
      if (!Number.isFinite(Number(line))) return;
      readings.add(Number(line) * 2 ** 20);
      resolve(readings);
    });
  });
}

function amdMeter(): MemoryMeter | undefined {
  const drm = '/sys/class/drm';
  if (!existsSync(drm)) return undefined;
  const file = readdirSync(drm)
    .map((card) => `${drm}/${card}/device/mem_info_vram_used`)
    .find((path) => existsSync(path));
  if (file === undefined) return undefined;
  const read = (): void => readings.add(Number(readFileSync(file, 'utf8')));
  const timer = setInterval(read, milliseconds);
  const readings = new Readings(() => clearInterval(timer));
  read();
  return readings;
}
