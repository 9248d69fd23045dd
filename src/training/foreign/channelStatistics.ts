import type { ChannelStatistics } from '../../compiler/importer/restoreBatchNorm.js';
import type { TensorData } from '../../support/tensor.js';
import type { FedImages } from './fedImages.js';
import { OriginalNetwork, type OriginalFile, type Tap } from './originalNetwork.js';

/** Maps that are asked for in one run at most, so that those of a large network need not lie in memory together. */
const mostTaps = 16;

/** Mean and variance of each channel of some maps [N,C,H,W] over images, by the name of the value. */
export async function channelStatistics(
  file: OriginalFile,
  input: string,
  taps: readonly Tap[],
  batches: readonly FedImages[],
): Promise<ReadonlyMap<string, ChannelStatistics>> {
  const found = new Map<string, ChannelStatistics>();
  for (let start = 0; start < taps.length; start += mostTaps) {
    const some = taps.slice(start, start + mostTaps);
    const sums = new Map(some.map(({ name, shape }) => [name, new Sums(Number(shape[1]))]));
    const network = await OriginalNetwork.open(file, input, some);
    try {
      for (const { original } of batches)
        for (const [name, map] of await network.run(original)) sums.get(name)?.add(map);
    } finally {
      await network.close();
    }
    for (const [name, sum] of sums) found.set(name, sum.statistics());
  }
  return found;
}

/** Sums by channel in float64, about the first value of each channel. */
class Sums {
  #count = 0;
  readonly #origin: Float64Array;
  readonly #sum: Float64Array;
  readonly #squares: Float64Array;

  constructor(channels: number) {
    this.#origin = new Float64Array(channels);
    this.#sum = new Float64Array(channels);
    this.#squares = new Float64Array(channels);
  }

  add({ data, shape: [batch = 1, channels = 1, height = 1, width = 1] }: TensorData): void {
    const plane = height * width;
    const values = data as Float32Array;
    for (let c = 0; c < channels; c++) {
      if (this.#count === 0) this.#origin[c] = values[c * plane] ?? 0;
      const origin = this.#origin[c] ?? 0;
      let [sum, squares] = [0, 0];
      for (let n = 0; n < batch; n++) {
        const from = (n * channels + c) * plane;
        for (let i = from; i < from + plane; i++) {
          const value = (values[i] ?? NaN) - origin;
          sum += value;
          squares += value * value;
        }
      }
      this.#sum[c] = (this.#sum[c] ?? 0) + sum;
      this.#squares[c] = (this.#squares[c] ?? 0) + squares;
    }
    this.#count += batch * plane;
  }

  statistics(): ChannelStatistics {
    const means = this.#sum.map((sum) => sum / this.#count);
    return {
      mean: means.map((mean, c) => (this.#origin[c] ?? 0) + mean),
      variance: means.map((mean, c) =>
        Math.max(0, (this.#squares[c] ?? 0) / this.#count - mean ** 2),
      ),
    };
  }
}
