/** A thread that decodes, crops and changes images; LoaderPool starts it. */
import { parentPort, workerData } from 'node:worker_threads';
import { packError } from '../../support/packError.js';
import { invariant } from '../../support/errors.js';
import { UnreadableImage } from '../pixels/decode.js';
import type {
  FailedRow,
  LoadCommand,
  LoaderData,
  LoadPlan,
  LoadReply,
  LoadRow,
} from './loaderProtocol.js';
import { PixelBudget } from '../pixels/pixelBudget.js';
import { Preparer } from './preparer.js';

type LoadJob = Extract<LoadCommand, { kind: 'load' }>;

const port = parentPort;
invariant(port, 'loaderWorker runs as a worker thread');
const { concurrency, budget: memory } = workerData as LoaderData;
const budget = new PixelBudget(memory);

const plans = new Map<number, { readonly content: LoadPlan; readonly preparer: Preparer }>();

/** Rows of all jobs in the order in which they came; so many are under way at a time. */
const queue: { readonly job: Progress; readonly row: LoadRow }[] = [];
let first = 0;
let running = 0;
let stopping = false;

class Progress {
  readonly failed: FailedRow[] = [];
  error: unknown;
  #left: number;

  constructor(readonly job: LoadJob) {
    this.#left = job.rows.length;
  }

  done(): void {
    this.#left -= 1;
    if (this.#left > 0) return;
    const { id } = this.job;
    const reply: LoadReply =
      this.error === undefined
        ? { id, failed: this.failed }
        : { id, error: packError(this.error, 'loader') };
    port?.postMessage(reply);
  }
}

async function load({ job, failed }: Progress, row: LoadRow): Promise<void> {
  const plan = plans.get(job.plan);
  invariant(plan, `no plan ${job.plan}`);
  const { seed, site } = plan.content;
  try {
    const at = { seed, site, epoch: row.visit ?? job.epoch, index: row.index };
    await plan.preparer.prepare(row.where, at, job.image, row.row);
  } catch (error) {
    if (!(error instanceof UnreadableImage)) throw error;
    failed.push({ ...row, reason: error.message });
  }
}

async function lane(): Promise<void> {
  for (let next; (next = queue[first]);) {
    first += 1;
    try {
      await load(next.job, next.row);
    } catch (error) {
      next.job.error ??= error;
    }
    next.job.done();
  }
  running -= 1;
  endIfDone();
}

function endIfDone(): void {
  if (stopping && running === 0) port?.close();
}

port.on('message', (command: LoadCommand) => {
  if (command.kind === 'stop') {
    stopping = true;
    endIfDone();
    return;
  }
  if (command.kind === 'plan') {
    const { content } = command;
    const preparer = new Preparer(content.preparation, content.packed, budget);
    plans.set(command.plan, { content, preparer });
    return;
  }
  const job = new Progress(command);
  queue.splice(0, first);
  first = 0;
  queue.push(...command.rows.map((row) => ({ job, row })));
  while (running < concurrency && first < queue.length) {
    running += 1;
    void lane();
  }
});
