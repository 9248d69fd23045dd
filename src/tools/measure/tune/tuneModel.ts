import { cpu } from '../../../runtime/devices/cpu.js';
import type { Telling } from '../../../contract/events.js';
import { listening, progressTeller } from '../../../training/listeners/tell.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from '../../../contract/manifest.js';
import type { Graph } from '../../../compiler/ir/graph.js';
import type { Model } from '../../../compiler/trace/defineModel.js';
import { measure } from '../../../runtime/threads/benchProcess.js';
import { DeviceError, invariant } from '../../../support/errors.js';
import { round, spread } from '../../../support/statistics/spread.js';
import { chooseRules } from '../../../compiler/targets/chooseRules.js';
import { costKey, costTableHash, type CostTable } from '../../../compiler/targets/costTable.js';
import { cpuTarget } from '../../../compiler/targets/cpu/index.js';
import { ruleName, type Target } from '../../../compiler/targets/target.js';
import { compileStep, type StepOptions } from '../benchStep.js';
import { machineBlock } from '../../../training/build/target.js';
import {
  costMachine,
  readTunedCosts,
  tunedCostsPath,
  writeTunedCosts,
  type Costs,
} from '../../../training/build/costFile.js';
import { WorkloadTimer } from './timeWorkload.js';
import { workloadsOf, type Workload } from './workloads.js';

/** A training step on disk. */
export interface CompiledStep {
  readonly manifest: Manifest;
  /** Folder of its artifacts. */
  readonly folder: string;
}

export interface TuneOptions
  extends Omit<StepOptions, 'mode' | 'device' | 'costs' | 'onPass'>, Telling {
  /** Times again what was timed before. */
  readonly again?: boolean | undefined;
  /** Milliseconds of training steps by compiled artifacts; default those of a process of their own. */
  readonly timeSteps?: ((compiled: CompiledStep) => Promise<readonly number[]>) | undefined;
  /** Aborted: its reason is thrown, and the table stays as it was. */
  readonly signal?: AbortSignal | undefined;
}

type ListeningOptions = ReturnType<typeof listening<TuneOptions>>;

/** Nodes of one kind that are lowered differently than before. */
export interface ChangedRule {
  /** As in the table: operator, shapes, attributes. */
  readonly work: string;
  readonly nodes: number;
  readonly before: string;
  readonly after: string;
  /** Microseconds of a node with the lowering of before, and with the new one. */
  readonly microseconds: readonly [before: number | null, after: number | null];
}

/** Result of tuning a model; JSON. */
export interface TuneResult {
  readonly name: string;
  readonly batch: number;
  /** [C,H,W] */
  readonly image: readonly number[];
  /** Kinds of work that were timed now, and those that had been. */
  readonly timed: number;
  readonly known: number;
  readonly changed: readonly ChangedRule[];
  /** Milliseconds of a training step, lower quartiles, before and after; null if nothing changes. */
  readonly step: { readonly before: number; readonly after: number } | null;
  /** True if the measured costs are the machine's from now on: not if they make a step slower. */
  readonly kept: boolean;
  /** The file of the table. */
  readonly path: string;
  /** Hash of the table used from now on; null for the shipped estimates. */
  readonly hash: string | null;
  readonly seconds: number;
  readonly cores: number;
  /** Work that waited for the cores in the last minute; more than the cores if others ran. */
  readonly load: number;
}

/** Tuning is undone if a step takes so much longer with it. */
const tolerated = 1.01;

/** Processes of each kind whose steps are compared, in turns. */
const rounds = 2;
const comparison = { mode: 'train', warmUp: 2, steps: 4, seconds: 3 } as const;

/**
 * Times on this machine every lowering that could take a node of a model's training step, and keeps
 * the times in the user's cache, for all compilations to come. A whole step by them is compared
 * with one as before; if it is slower they are not kept. Throws a DeviceError if the machine
 * has no choice of layouts.
 */
export async function tuneModel(
  model: string | Model,
  given: TuneOptions = {},
): Promise<TuneResult> {
  const options = listening(given);
  const begun = performance.now();
  const { threads, again = false, signal } = options;
  const block = await machineBlock();
  requireBlocks(block);
  const machine = costMachine(block, threads);
  const old = readTunedCosts(machine);
  const { manifest, graphs } = await tracedStep(model, options, old ?? 'estimated');
  const all = workloadsOf([...graphs.values()], cpuTarget({ block }));
  const wanted = all.filter((workload) => again || !isKnown(workload, old));
  const costs = await timeAll(wanted, manifest.name, options);
  const table: CostTable = { machine, costs: { ...old?.costs, ...costs } };
  const train = graphs.get('train');
  invariant(train, 'a training step was compiled');
  const targets = [cpuTarget({ block, costs: old }), cpuTarget({ block, costs: table })] as const;
  const changed = changesOf(train, targets);
  const step =
    changed.length === 0 ? null : await compareSteps(model, options, [old ?? 'estimated', table]);
  signal?.throwIfAborted();
  const kept = step === null || step.after <= tolerated * step.before;
  if (kept && wanted.length > 0) writeTunedCosts(table);
  const now = kept ? table : old;
  return {
    name: manifest.name,
    batch: Number(manifest.batch),
    image: manifest.image,
    timed: wanted.length,
    known: all.length - wanted.length,
    changed,
    step,
    kept,
    path: tunedCostsPath(machine),
    hash: now === undefined ? null : costTableHash(now),
    seconds: (performance.now() - begun) / 1000,
    cores: machine.cores,
    load: round(loadavg()[0] ?? 0),
  };
}

/** True if a table has a time of each lowering of a workload: a newer version may have more of them. */
function isKnown({ key, lowerings }: Workload, table: CostTable | undefined): boolean {
  const costs = table?.costs[key];
  return costs !== undefined && lowerings.every(({ name }) => name in costs);
}

function requireBlocks(block: number): void {
  if (block > 0) return;
  throw new DeviceError('onnxruntime has no blocked layout on this machine', {
    code: 'nothing-to-tune',
    where: cpu.name,
    hint: 'there is nothing to choose from: every node has its portable lowering only',
  });
}

/** The graphs of a training step and of its evaluation, as their nodes are lowered. */
export async function tracedStep(model: string | Model, options: TuneOptions, costs: Costs) {
  const graphs = new Map<string, Graph>();
  const { manifest } = await compileStep(model, {
    ...stepOptions(options),
    costs,
    evaluates: true,
    // The last pass counts.
    onPass: (artifact, _pass, graph) => {
      graphs.set(artifact, graph);
    },
  });
  return { manifest, graphs };
}

/** Picks the options that say which step is meant. */
function stepOptions(options: TuneOptions) {
  const { again: _1, timeSteps: _2, signal: _3, ...more } = options;
  const { onEvent: _4, listeners: _5, clock: _6, ...own } = more;
  return { ...own, mode: 'train', device: cpu.name } satisfies StepOptions;
}

async function timeAll(
  workloads: readonly Workload[],
  title: string,
  { threads, signal, onEvent }: ListeningOptions,
): Promise<CostTable['costs']> {
  onEvent({ kind: 'begin', title: `${title}: timing lowerings` });
  const timer = await WorkloadTimer.start(threads);
  const progress = progressTeller({ onEvent }, { task: 'tune', unit: 'nodes' });
  const costs: Record<string, CostTable['costs'][string]> = {};
  for (const [i, workload] of workloads.entries()) {
    signal?.throwIfAborted();
    costs[workload.key] = await timer.time(workload);
    // Ctrl-C is heard between two of them only.
    await new Promise(setImmediate);
    progress(i + 1, workloads.length);
  }
  return costs;
}

/** Milliseconds of a training step by each of two tables, in processes that take turns. */
async function compareSteps(
  model: string | Model,
  options: ListeningOptions,
  tables: readonly [Costs, CostTable],
): Promise<{ before: number; after: number }> {
  const {
    threads,
    signal,
    onEvent,
    timeSteps = (own: CompiledStep) => stepsOf(own, threads),
  } = options;
  onEvent({ kind: 'begin', title: 'comparing whole steps' });
  const folder = mkdtempSync(join(tmpdir(), 'gradus-tune-'));
  const times: [number[], number[]] = [[], []];
  try {
    const sides = await Promise.all(
      tables.map(async (costs, i) => {
        const out = join(folder, String(i));
        const { manifest } = await compileStep(model, { ...stepOptions(options), costs }, out);
        return { manifest, folder: out };
      }),
    );
    for (let i = 0; i < rounds; i++)
      for (const [side, own] of times.entries()) {
        signal?.throwIfAborted();
        const at = sides[side];
        invariant(at, 'two sides were compiled');
        own.push(...(await timeSteps(at)));
      }
  } catch (error) {
    // Ctrl-C on a terminal ends the measured process, too.
    signal?.throwIfAborted();
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
  const [before, after] = times.map((own) => spread(own).quartiles[0]);
  return { before: before ?? NaN, after: after ?? NaN };
}

async function stepsOf(compiled: CompiledStep, threads: number | undefined): Promise<number[]> {
  const { steps } = await measure({ ...comparison, ...compiled, threads });
  return steps.map(({ milliseconds }) => milliseconds);
}

/** Nodes that two targets lower differently, those that save the most first. */
function changesOf(graph: Graph, [old, now]: readonly [Target, Target]): ChangedRule[] {
  const before = chooseRules(graph, old);
  const changes = new Map<string, ChangedRule>();
  chooseRules(graph, now).forEach(({ node, types, override }, i) => {
    const rules = [before[i]?.override, override] as const;
    const names = [ruleName(rules[0]), ruleName(rules[1])] as const;
    if (names[0] === names[1]) return;
    const work = costKey(node.op, node.attrs, types);
    const key = [work, ...names].join(' ');
    const [first, second] = rules.map((rule) => {
      const cost = now.layouts?.cost(node.op, rule, node.attrs, types) ?? Infinity;
      return Number.isFinite(cost) ? round(cost) : null;
    });
    const nodes = (changes.get(key)?.nodes ?? 0) + 1;
    const microseconds = [first ?? null, second ?? null] as const;
    changes.set(key, { work, nodes, before: names[0], after: names[1], microseconds });
  });
  return [...changes.values()].sort((a, b) => savedBy(b) - savedBy(a));
}

function savedBy({ nodes, microseconds: [before, after] }: ChangedRule): number {
  return nodes * ((before ?? 0) - (after ?? 0));
}
