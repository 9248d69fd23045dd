import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { makeFolder, writeAll } from './atomic.js';
import { readError, writeError } from './fileErrors.js';
import { dirname } from 'node:path';
import { isObject } from '../../support/objects.js';

/** One line of metrics.jsonl: a step or an evaluation, with the optimizer steps done by then. */
export interface MetricsRecord {
  readonly kind: 'step' | 'eval';
  readonly step: number;
  readonly [key: string]: number | string | boolean | null;
}

const newline = 0x0a;

/** Steps at the beginning of a run that have a line each. */
export const denseSteps = 4000;

/**
 * True if a step has a line: every one up to `denseSteps`, every second up to twice as many, every
 * fourth up to four times as many, and so on. That adds as many lines for each doubling of a run,
 * so a million steps take under 20,000. It follows from the step alone, so a resumed run has the
 * lines of a whole one.
 */
function hasLine(step: number): boolean {
  let [stride, limit] = [1, denseSteps];
  while (step > limit) [stride, limit] = [2 * stride, 2 * limit];
  return step % stride === 0;
}

/**
 * Appends to metrics.jsonl all evaluations, and the steps that have a line; lines wait in memory
 * until `flush`.
 */
export class MetricsWriter {
  readonly #file: number;
  #waiting: string[] = [];

  private constructor(
    readonly path: string,
    file: number,
  ) {
    this.#file = file;
  }

  /**
   * Opens `path` for a run that has done `step` steps: lines of later steps and a half-written last
   * line are cut off, the whole file for a new run (step 0).
   */
  static open(path: string, step = 0): MetricsWriter {
    makeFolder(dirname(path));
    cutMetrics(path, step);
    try {
      return new MetricsWriter(path, openSync(path, 'a'));
    } catch (error) {
      throw writeError(error, path);
    }
  }

  append(record: MetricsRecord): void {
    if (record.kind === 'step' && !hasLine(record.step)) return;
    this.#waiting.push(`${JSON.stringify(record)}\n`);
  }

  /** Writes what waits and forces it to disk; called at checkpoints. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const bytes = new TextEncoder().encode(this.#waiting.join(''));
    try {
      writeAll(this.#file, bytes);
      fsyncSync(this.#file);
    } catch (error) {
      throw writeError(error, this.path, bytes.length);
    }
    this.#waiting = [];
  }

  close(): void {
    this.flush();
    closeSync(this.#file);
  }
}

/**
 * Cuts metrics.jsonl back to `step`. Lines are in the order of steps, so the rest is the file's
 * end, and one truncation drops it whole.
 */
export function cutMetrics(path: string, step: number): void {
  if (!existsSync(path)) return;
  let keep = 0;
  for (const { record, end } of metricLines(path)) {
    if (record === undefined || record.step > step || step === 0) break;
    keep = end;
  }
  try {
    const file = openSync(path, 'r+');
    try {
      ftruncateSync(file, keep);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw writeError(error, path);
  }
}

/**
 * Reads the whole lines of metrics.jsonl; a half-written last one is left out, and so are damaged ones,
 * each of which is reported.
 */
export function* readMetrics(path: string, onDamaged?: () => void): Generator<MetricsRecord> {
  for (const { record } of metricLines(path)) {
    if (record) yield record;
    else onDamaged?.();
  }
}

/** Each line's record (undefined if it is damaged) and the byte behind it. */
function* metricLines(path: string): Generator<{ record: MetricsRecord | undefined; end: number }> {
  let end = 0;
  for (const line of wholeLines(path)) {
    end += line.length;
    yield { record: parseRecord(new TextDecoder().decode(line)), end };
  }
}

function parseRecord(line: string): MetricsRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return isRecord(value) ? value : undefined;
}

function isRecord(value: unknown): value is MetricsRecord {
  return isObject(value) && 'kind' in value && typeof value['step'] === 'number';
}

/** Lines with their newline, without holding the file in memory. */
function* wholeLines(path: string): Generator<Uint8Array> {
  const chunk = new Uint8Array(2 ** 16);
  let rest = new Uint8Array(0);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw readError(error, path);
  }
  try {
    for (let count; (count = readSync(file, chunk)) > 0;) {
      const text = new Uint8Array(rest.length + count);
      text.set(rest);
      text.set(chunk.subarray(0, count), rest.length);
      let start = 0;
      for (let end; (end = text.indexOf(newline, start)) >= 0; start = end + 1)
        yield text.slice(start, end + 1);
      rest = text.slice(start);
    }
  } finally {
    closeSync(file);
  }
}
