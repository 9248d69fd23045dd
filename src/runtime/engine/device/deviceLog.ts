import { invariant } from '../../../support/errors.js';
import { copyOf, logModel } from './deviceModels.js';
import { DeviceCopier } from './deviceState.js';
import { zeroTensor } from '../../../support/tensor.js';
import type { DeviceTensor, Executor, HostTensor, Results, Session } from '../executor.js';

/**
 * The scalars of the last steps, kept on the device until someone asks, so that the steps between
 * need not wait for it: a row a step, in one tensor that is read at once.
 */
export class DeviceLog {
  /** The device's, after the first row. */
  #log: DeviceTensor | undefined;
  #rows = 0;

  private constructor(
    readonly scalars: readonly string[],
    /** Most rows between two looks. */
    readonly capacity: number,
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

  /** Rows that were added since the last look. */
  get rows(): number {
    return this.#rows;
  }

  /** Adds a row of scalars, which it disposes of. */
  async add(row: Results): Promise<void> {
    invariant(this.#rows < this.capacity, `a log of ${this.capacity} rows is full`);
    const log = this.#log ?? this.#zeros();
    const results = await this.append.compute({ ...row, log }, [copyOf('log')]);
    const next = results[copyOf('log')];
    invariant(next, 'the log came back');
    this.#log?.dispose();
    this.#log = next;
    this.#rows += 1;
    for (const name of this.scalars) row[name]?.dispose();
  }

  /** The rows since the last look, oldest first; waits for the device. */
  async read(): Promise<ReadonlyMap<string, number>[]> {
    const rows = this.#rows;
    if (rows === 0 || !this.#log) return [];
    const host = this.#zeros();
    await this.copier.download(new Map([['log', this.#log]]), new Map([['log', host]]));
    this.#rows = 0;
    return Array.from({ length: rows }, (_, row) => {
      const start = (this.capacity - rows + row) * this.scalars.length;
      return new Map(this.scalars.map((name, i) => [name, Number(host.data[start + i])]));
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
