import { readFileSync } from 'node:fs';
import { ArtifactError } from '../../support/errors.js';
import { readError } from '../storage/fileErrors.js';

/** The time of one node of a model. */
export interface NodeTime {
  /** Its name in the model, or what onnxruntime's optimiser calls what it made of it. */
  readonly name: string;
  /** Its operator. */
  readonly operator: string;
  /** Median of the runs, or of the steps of a loop. */
  readonly milliseconds: number;
}

/** Figures of onnxruntime's profiler about a session's runs. */
export interface Profile {
  readonly nodes: readonly NodeTime[];
  /** Milliseconds of a whole run, as onnxruntime takes them: median of the runs. */
  readonly run: number;
}

/** An event of the file, which is in the trace format of Chromium. */
interface TraceEvent {
  readonly cat: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** Reads a profile that a session wrote; the first `warmUp` runs do not count. */
export function readProfile(path: string, warmUp = 0): Profile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw readError(error, path);
  }
  return profileOf(eventsIn(text, path), warmUp);
}

const kernelSuffix = '_kernel_time';

/** The events of a run come in a row, and the event of the run itself after them. */
function profileOf(events: readonly TraceEvent[], warmUp: number): Profile {
  const times = new Map<string, { operator: string; each: number[] }>();
  const runs: number[] = [];
  let done = 0;
  for (const { cat, name, dur, args } of events) {
    if (cat === 'Session' && name === 'model_run') {
      if (done >= warmUp) runs.push(dur / 1000);
      done += 1;
    }
    if (cat !== 'Node' || !name.endsWith(kernelSuffix) || done < warmUp) continue;
    const node = name.slice(0, -kernelSuffix.length);
    const operator = typeof args?.['op_name'] === 'string' ? args['op_name'] : '';
    // Its time is that of the nodes inside, which have events of their own.
    if (operator === 'Loop') continue;
    const time = times.get(node) ?? { operator, each: [] };
    time.each.push(dur / 1000);
    times.set(node, time);
  }
  const nodes = [...times].map(([name, { operator, each }]) => {
    return { name, operator, milliseconds: median(each) };
  });
  return { nodes, run: median(runs) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function eventsIn(text: string, path: string): TraceEvent[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  if (!Array.isArray(value)) throw unreadable(path);
  return value.filter(isEvent);
}

function isEvent(value: unknown): value is TraceEvent {
  return (
    typeof value === 'object' &&
    value !== null &&
    'cat' in value &&
    'name' in value &&
    typeof value.name === 'string' &&
    'dur' in value &&
    typeof value.dur === 'number'
  );
}

function unreadable(path: string, cause?: unknown): ArtifactError {
  return new ArtifactError(`${path} is not a profile of onnxruntime`, {
    code: 'profile-unreadable',
    where: path,
    cause,
  });
}
