/** Ten million labels: time and memory of `gradus filter` and `gradus labels diff` as processes. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ParquetFileWriter, type Columns } from '../src/runtime/storage/parquet/writer.js';
import {
  groupRows,
  infoKey,
  labelColumns,
  probabilityColumns,
  shardPath,
} from '../src/selftrain/labels/labelStore.js';
import { RandomStream } from '../src/support/random.js';
import { round } from '../src/support/statistics/spread.js';

const rows = 10_000_000;
const classes = 100;
const shards = 16;

/**
 * `exact`, as the paper, and `grid`, as its code; both with a cap that some classes exceed. `diff`
 * joins the labels with the ledger.
 */
export async function benchFilter(): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-filter-'));
  try {
    for (let index = 1; index <= shards; index++) writeShard(folder, index);
    const exact = await filter(folder, '--per-class', '130000');
    const grid = await filter(folder, '--per-class', '130000', '--cap', 'grid');
    const diff = await gradus('labels', 'diff', folder, join(folder, 'ledger.parquet'));
    const { compared } = diff.printed as { compared: number };
    const bytes = Array.from({ length: shards }, (_, i) =>
      statSync(shardPath(folder, i + 1, shards)),
    )
      .map(({ size }) => size)
      .reduce((a, b) => a + b, 0);
    return {
      ...{ rows, classes, topK: 5, shards, megabytes: round(bytes / 1e6) },
      ...{ exact, grid, diff: { ...diff.used, compared } },
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Skewed classes, confidences that crowd near 1 as a trained network's do. */
function writeShard(folder: string, index: number): void {
  const origin = {
    teacher: { name: 'synthetic', fingerprint: 'a'.repeat(64) },
    classes: Array.from({ length: classes }, (_, i) => `class-${i}`),
    temperature: 1,
    topK: 5,
    data: { name: 'synthetic', fingerprint: 'b'.repeat(64), size: rows },
  };
  const columns: Columns = { ...labelColumns, ...probabilityColumns(origin) };
  const info = { ...origin, format: 'gradus-labels', version: 1, shard: { index, of: shards } };
  const writer = new ParquetFileWriter<Columns>(shardPath(folder, index, shards), columns, {
    [infoKey]: JSON.stringify(info),
  });
  const random = new RandomStream(1, { site: index, step: 0, sample: 0 });
  const [start, end] = [index - 1, index].map((i) => Math.floor((i * rows) / shards));
  const group = groupRows(columns);
  for (let first = start ?? 0; first < (end ?? 0); first += group)
    writer.write(groupOf(columns, first, Math.min(group, (end ?? 0) - first), random));
  writer.commit();
}

function groupOf(columns: Columns, first: number, count: number, random: RandomStream) {
  const out: Record<string, Int32Array | Float32Array | string[]> = {};
  for (const [name, type] of Object.entries(columns))
    out[name] =
      type === 'int32'
        ? new Int32Array(count)
        : type === 'float32'
          ? new Float32Array(count)
          : Array.from({ length: count }, (_, i) => `images/${(first + i) >> 12}/${first + i}.jpg`);
  const set = (name: string, row: number, value: number): void => {
    const values = out[name];
    if (values && !Array.isArray(values)) values[row] = value;
  };
  for (let row = 0; row < count; row++) {
    const label = Math.floor(classes * random.uniform() ** 1.5);
    const confidence = Math.fround(1 - 0.9 * random.uniform() ** 2);
    set('index', row, first + row);
    set('label', row, label);
    set('confidence', row, confidence);
    for (let i = 0; i < 5; i++) {
      set(`c${i}`, row, (label + i) % classes);
      set(`p${i}`, row, i === 0 ? confidence : (1 - confidence) / 8);
    }
    set('rest', row, (1 - confidence) / 2);
  }
  return out;
}

async function filter(folder: string, ...flags: string[]): Promise<object> {
  const { used, printed } = await gradus('filter', folder, ...flags);
  const { kept, copies } = printed as { kept: number; copies: number };
  return { flags: flags.join(' '), ...used, kept, copies };
}

/** Runs the command line, and looks at the process's largest memory until it ends. */
async function gradus(...args: string[]) {
  const bin = fileURLToPath(new URL('../bin/gradus.js', import.meta.url));
  const start = performance.now();
  const child = spawn(process.execPath, [bin, ...args, '--json', '--quiet']);
  let json = '';
  let errors = '';
  child.stdout.on('data', (text: Buffer) => (json += text.toString()));
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  let used = { peak: 0, cpu: 0 };
  const watch = setInterval(() => (used = usedBy(child.pid ?? 0) ?? used), 50);
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(watch);
  if (status !== 0) throw new Error(`gradus ${args.join(' ')}: ${String(status)}, ${errors}`);
  const seconds = round((performance.now() - start) / 1000);
  const [cpuSeconds, peakMegabytes] = [round(used.cpu), round(used.peak / 1e6)];
  return { used: { seconds, cpuSeconds, peakMegabytes }, printed: JSON.parse(json) as unknown };
}

/** The most memory that a process had, in bytes, and its processor time; undefined once it is gone. */
function usedBy(pid: number): { peak: number; cpu: number } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const peak = 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN);
    // Fields 14 and 15, behind the command's closing parenthesis, in hundredths of a second.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const cpu = (Number(fields[11]) + Number(fields[12])) / 100;
    return Number.isNaN(peak) ? undefined : { peak, cpu };
  } catch {
    return undefined;
  }
}
