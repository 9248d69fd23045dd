import { invariant } from '../../../support/errors.js';
import { required, type LoggedStep, type StepLog, type Values } from '../memory.js';
import { copyOf, logModel } from './deviceModels.js';
import { DeviceCopier } from './deviceState.js';
import { zeroTensor } from '../../../support/tensor.js';
import type { DeviceTensor, Executor, Feeds, HostTensor, Session } from '../executor.js';

/**
 * The scalars of the last steps, kept on the device until someone asks, so that the steps between
 * need not wait for it: a row a step, in one tensor that is read at once.
 */
export class DeviceLog implements StepLog<DeviceTensor> {
  /** The device's, after the first row. */
  #log: DeviceTensor | undefined;
  #rows = 0;
  /** When the first step that nobody has asked about began. */
  #since = 0;

  private constructor(
    private readonly scalars: readonly string[],
    /** Most rows between two looks. */
    private readonly capacity: number,
    private readonly append: Session,
    private readonly copier: DeviceCopier,
  ) {}

  static async create(
    scalars: readonly string[],
    capacity: number,
    executor: Executor,
  ): Promise<DeviceLog> {
    const model = logModel(scalars, capacity);
    const shape = [capacity * scalars.length];
    return new DeviceLog(
      scalars,
      capacity,
      await executor.create(model, { results: 'device' }),
      await DeviceCopier.create([{ name: 'log', dtype: 'float32', shape }], executor),
    );
  }

  begin(): void {
    if (this.#rows === 0) this.#since = performance.now();
  }

  async add(values: Values<DeviceTensor>): Promise<void> {
    invariant(this.#rows < this.capacity, `a log of ${this.capacity} rows is full`);
    const row = this.scalars.map((name) => [name, required(values, name)] as const);
    const feeds: Feeds = { ...Object.fromEntries(row), log: this.#log ?? this.#zeros() };
    const results = await this.append.compute(feeds, [copyOf('log')]);
    this.#log?.dispose();
    this.#log = required(results, copyOf('log'));
    this.#rows += 1;
    for (const [, tensor] of row) tensor.dispose();
  }

  async read(): Promise<LoggedStep[]> {
    const rows = this.#rows;
    if (rows === 0 || !this.#log) return [];
    const host = this.#zeros();
    await this.copier.download(new Map([['log', this.#log]]), new Map([['log', host]]));
    this.#rows = 0;
    const runTime = (performance.now() - this.#since) / rows;
    return Array.from({ length: rows }, (_, row) => {
      const start = (this.capacity - rows + row) * this.scalars.length;
      const numbers = this.scalars.map((name, i) => [name, Number(host.data[start + i])] as const);
      return { scalars: new Map(numbers), runTime };
    });
  }

  #zeros(): HostTensor {
    return zeroTensor('float32', [this.capacity * this.scalars.length]);
  }

  async release(): Promise<void> {
    this.#log?.dispose();
    await this.append.release();
    await this.copier.release();
  }
}
