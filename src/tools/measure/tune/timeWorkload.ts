import { sizeOfShape } from '../../../runtime/engine/buffers.js';
import type { Feeds, Session } from '../../../runtime/engine/executor.js';
import { onnxruntimeNode } from '../../../runtime/executors/onnxruntimeNode.js';
import { GraphBuilder } from '../../../compiler/onnx/builder.js';
import { writeModel } from '../../../compiler/onnx/writer.js';
import { zeroTensor } from '../../../support/tensor.js';
import { round } from '../../../support/statistics/spread.js';
import type { RuleCosts } from '../../../compiler/targets/costTable.js';
import type { LoweredWork, Workload, WorkloadInput } from './workloads.js';

/**
 * Rounds in which all lowerings of a workload take turns: until the fastest run of each has stood for
 * `settled` of them, as long as that takes fewer milliseconds a lowering than `patience`.
 */
const leastRounds = 5;
const settled = 4;
const mostRounds = 60;
const patience = 250;

/** A run that is faster by less than this share does not count as news. */
const noise = 0.03;

/** A lowering whose fastest of so many runs takes so many times as long as its best rival is given up. */
const chances = 3;
const hopeless = 4;

/** Elements below which work is repeated inside a run, since it takes less time than the call. */
const smallElements = 2 ** 16;
const smallCopies = 4;

interface Timed {
  readonly work: LoweredWork;
  readonly session: Session;
  readonly feeds: Feeds;
  readonly copies: number;
  /** Milliseconds of the fastest run. */
  least: number;
  /** The round in which it was found. */
  foundIn: number;
}

/** Times lowerings in small models, with the threads that a step will have. */
export class WorkloadTimer {
  /** Numbers for all inputs of a workload, each in a part of its own. */
  #numbers = new Float32Array(0);

  private constructor(
    private readonly threads: number | undefined,
    /** Milliseconds of a run that does nothing. */
    private readonly empty: number,
  ) {}

  static async start(threads: number | undefined): Promise<WorkloadTimer> {
    const timer = new WorkloadTimer(threads, 0);
    const nothing = await timer.#load(
      { name: 'nothing', inputs: [{ dtype: 'float32', shape: [1] }], build: emptyModel },
      1,
    );
    for (let i = 0; i < 100; i++) await run(nothing, i);
    await nothing.session.release();
    return new WorkloadTimer(threads, nothing.least);
  }

  /** Microseconds of each lowering: of the fastest run, the one that the rest of the machine let be. */
  async time({ lowerings }: Workload): Promise<RuleCosts> {
    const [{ inputs } = { inputs: [] }] = lowerings;
    const largest = Math.max(0, ...inputs.map(({ shape }) => sizeOfShape(shape)));
    const copies = largest < smallElements ? smallCopies : 1;
    const all: Timed[] = [];
    try {
      for (const work of lowerings) all.push(await this.#load(work, copies));
      await takeTurns(all);
    } finally {
      for (const { session } of all) await session.release();
    }
    return Object.fromEntries(all.map((timed) => [timed.work.name, this.#microseconds(timed)]));
  }

  #microseconds({ least, copies }: Timed): number {
    return Math.max(0.1, round((1000 * (least - this.empty)) / copies));
  }

  async #load(work: LoweredWork, copies: number): Promise<Timed> {
    const { bytes } = writeModel(work.build(copies));
    const executor = onnxruntimeNode({
      // As training graphs are loaded.
      graphOptimization: 'disabled',
      memPattern: false,
      ...(this.threads !== undefined && { threads: this.threads }),
    });
    const session = await executor.create(bytes);
    return { work, session, feeds: this.#feeds(work.inputs), copies, least: Infinity, foundIn: 0 };
  }

  #feeds(inputs: readonly WorkloadInput[]): Feeds {
    const sizes = inputs.map(({ shape }) => sizeOfShape(shape));
    this.#reserve(sizes.reduce((a, b) => a + b, 0));
    let start = 0;
    return Object.fromEntries(
      inputs.map(({ dtype, shape }, i) => {
        const end = start + (sizes[i] ?? 0);
        const data = this.#numbers.subarray(start, end);
        start = end;
        return [`x${i}`, dtype === 'float32' ? { dtype, shape, data } : zeroTensor(dtype, shape)];
      }),
    );
  }

  #reserve(size: number): void {
    if (this.#numbers.length >= size) return;
    // Positive and near 1: as variances they do, and no product grows or vanishes.
    this.#numbers = Float32Array.from({ length: size }, (_, i) => 0.5 + (i % 997) / 997);
  }
}

/** The lowerings run one after the other, again and again, so that all see the same machine. */
async function takeTurns(all: readonly Timed[]): Promise<void> {
  const begun = performance.now();
  for (let round = 0; round < mostRounds; round++) {
    const fastest = Math.min(...all.map(({ least }) => least));
    const open = all.filter(({ least }) => round < chances || least <= hopeless * fastest);
    for (const timed of open) await run(timed, round);
    const tired = performance.now() - begun > patience * all.length;
    const stands = open.every(({ foundIn }) => foundIn <= round - settled);
    if (round >= leastRounds && (tired || stands)) return;
  }
}

async function run(timed: Timed, round: number): Promise<void> {
  const begun = performance.now();
  await timed.session.compute(timed.feeds, timed.session.outputNames);
  const milliseconds = performance.now() - begun;
  if (milliseconds < (1 - noise) * timed.least) timed.foundIn = round;
  timed.least = Math.min(timed.least, milliseconds);
}

function emptyModel() {
  const builder = new GraphBuilder({ opset: 21, name: 'nothing' });
  const x = builder.input('x0', 'float32', [1]);
  builder.output(builder.b.Shape(x), 'shape', 'int64', [1]);
  return builder.build();
}
