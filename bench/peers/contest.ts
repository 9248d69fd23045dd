import { formatBytes, formatTable } from '../../src/cli/table.js';
import { round as rounded, spread, type Spread } from '../../src/support/statistics/spread.js';
import type { Settings } from '../run.js';
import { Peer, type PeerScript } from './peer.js';

/** Who takes part: a mode of Gradus or of a peer. */
export interface Contestant extends PeerScript {
  /** Its row in the table, such as `PyTorch, channels_last`. */
  readonly name: string;
  /** Numbers that it computes with; undefined for Gradus' own modes. Ratios are to the best of each. */
  readonly numbers?: 'float32' | 'bfloat16';
}

/** What a contestant's turns gave. */
interface Row {
  readonly name: string;
  readonly numbers: Contestant['numbers'];
  readonly version: string;
  /** Of a unit of work: a step or a batch. */
  readonly milliseconds: Spread;
  readonly peakBytes: number;
}

/** What a contest gave. */
export interface Contest {
  readonly rows: readonly Row[];
  readonly against: readonly Against[];
  /** Contestants that do not run here, and what they said. */
  readonly missing: readonly { readonly name: string; readonly reason: string }[];
}

/** So long each works before it is measured. */
const warmUpSeconds = 1;

/**
 * Lets contestants work in turns, each in a process of its own with the settings that it has by default.
 * Only one is awake at a time, for `seconds` or longer: long enough for its threads, its caches
 * and the processor's clock to settle. The first contestant is the one that ratios are for.
 */
export async function contest(
  all: readonly Contestant[],
  { rounds, seconds, only }: Pick<Settings, 'rounds' | 'seconds' | 'only'>,
): Promise<Contest> {
  const wanted = all.filter(({ name }, i) => i === 0 || only.test(name));
  const started: { contestant: Contestant; peer: Peer; version: string; taken: number[] }[] = [];
  const missing: { name: string; reason: string }[] = [];
  for (const contestant of wanted)
    try {
      const own = await Peer.start(contestant);
      await own.peer.ask(warmUpSeconds);
      started.push({ contestant, ...own, taken: [] });
    } catch (error) {
      if (contestant === all[0]) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      missing.push({ name: contestant.name, reason });
    }
  for (let round = 0; round < rounds; round++)
    for (const { peer, taken } of started) taken.push(...((await peer.ask(seconds)) as number[]));
  const rows = started.map(({ contestant: { name, numbers }, peer, version, taken }) => {
    const row = { name, numbers, version, milliseconds: spread(taken), peakBytes: peer.peakBytes };
    peer.close();
    return row;
  });
  return { rows, against: againstBest(rows), missing };
}

/** A peer's fastest mode, and its time and memory as multiples of the first row's. */
interface Against {
  readonly numbers: string;
  readonly best: string;
  readonly times: number;
  readonly memory: number;
}

/** The first row against the fastest of the others, for each kind of numbers that they compute with. */
function againstBest(rows: readonly Row[]): readonly Against[] {
  const [own, ...others] = rows;
  if (own === undefined) return [];
  const kinds = new Set(others.flatMap(({ numbers }) => numbers ?? []));
  return [...kinds].flatMap((kind) => {
    const [best] = others
      .filter(({ numbers }) => numbers === kind)
      .toSorted((a, b) => a.milliseconds.median - b.milliseconds.median);
    if (best === undefined) return [];
    return {
      numbers: kind,
      best: best.name,
      times: rounded(best.milliseconds.median / own.milliseconds.median),
      memory: rounded(best.peakBytes / own.peakBytes),
    };
  });
}

/** The table that a terminal shows, and below it the ratios to the best. */
export function contestText({ rows, against, missing }: Contest): string {
  const [own] = rows;
  const table = formatTable(
    [
      { title: 'mode' },
      { title: 'median, ms', align: 'right' },
      { title: 'middle half', align: 'right' },
      { title: 'lowest', align: 'right' },
      { title: 'counted', align: 'right' },
      { title: 'peak memory', align: 'right' },
      { title: `times ${own?.name ?? ''}`, align: 'right' },
    ],
    rows.map(({ name, milliseconds: { median, quartiles, lowest, count }, peakBytes }) => [
      name,
      ...[String(median), quartiles.join(' to '), String(lowest), String(count)],
      formatBytes(peakBytes),
      (median / (own?.milliseconds.median ?? NaN)).toFixed(2),
    ]),
  );
  const best = against.map(
    ({ numbers, best, times, memory }) =>
      `the best in ${numbers}, ${best}: ${times} times the time, ${memory} times the memory`,
  );
  const gone = missing.map(({ name, reason }) => `${name} does not run: ${reason}`);
  return [table, '', ...best, ...gone].join('\n');
}

const modes = ['', ', channels_last'].flatMap((layout) => [
  { layout, numbers: 'float32' as const, suffix: '' },
  { layout, numbers: 'bfloat16' as const, suffix: ', bf16' },
]);

/**
 * PyTorch in each mode that its user would choose from; a script gets model, batch, size, threads, mode and
 * `how`. The variable PYTHON names another Python than the system's.
 */
export function torchContestants(
  script: 'torchStep.py' | 'torchLabel.py',
  { model, batch, size, threads }: Settings,
  how: 'eager' | 'frozen' | 'optimised' = 'eager',
): readonly Contestant[] {
  const program = process.env['PYTHON'] ?? '/usr/bin/python3';
  const prefix = how === 'eager' ? 'PyTorch' : `PyTorch, ${how}`;
  return modes.map(({ layout, numbers, suffix }) => ({
    ...{ name: `${prefix}${layout}${suffix}`, numbers, program, script },
    args: [model, batch, size, threads, layout === '' ? 'NCHW' : 'channels_last', numbers, how],
  }));
}
