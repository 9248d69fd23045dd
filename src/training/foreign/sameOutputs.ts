import type { ImportedModel } from '../../compiler/importer/importOnnx.js';
import { compileInference } from '../../compiler/compile/inference.js';
import { compileLayerOutputs } from '../../compiler/compile/layerOutputs.js';
import type { LoadedModel } from '../../language/frontend/loadModel.js';
import { onnxruntimeNode } from '../../runtime/executors/onnxruntimeNode.js';
import { zeroTensor, type TensorData } from '../../support/tensor.js';
import { shapeEquals } from '../../support/shape.js';
import { networkOf } from '../weights/modelWeights.js';
import { OriginalNetwork, sizesOf, type OriginalFile, type Tap } from './originalNetwork.js';
import type { Comparison, FirstDifference } from './comparison.js';
import type { FedImages } from './fedImages.js';

/** Share of the largest number by which the outputs may differ. */
export const allowedShare = 1e-5;

/** A written network beside its original. */
export interface Pair {
  readonly file: OriginalFile;
  readonly loaded: LoadedModel;
  readonly imported: ImportedModel;
}

/** Runs both networks on the same images; one with a new classifier is compared up to its features. */
export async function compareOutputs(
  pair: Pair,
  batches: readonly FedImages[],
): Promise<Comparison> {
  const whole = pair.imported.fileClasses !== undefined;
  const scores = whole ? await compareScores(pair, batches) : undefined;
  // Outputs that are all 0, as those of a classifier that starts at 0, show nothing.
  const shown = scores !== undefined && !(isSame(scores) && scores.largest === 0);
  const found = shown ? scores : await compareFeatures(pair, batches);
  const [batch] = batches;
  if (isSame(found) || !batch) return found;
  const first = await firstDifference(pair, batch);
  return { ...found, ...(first && { first }) };
}

/** Differences of some batches, and how many images of each kind they had. */
class Differences {
  readonly noise = { noise: 0, real: 0 };
  difference = 0;
  largest = 0;

  add(batch: FedImages, own: TensorData | undefined, wanted: TensorData | undefined): void {
    const { difference, largest } = differenceOf(own, wanted);
    this.noise[batch.kind] += batch.own.shape[0] ?? 0;
    this.difference = Math.max(this.difference, difference);
    this.largest = Math.max(this.largest, largest);
  }

  get comparison(): Comparison {
    return { ...this.noise, difference: this.difference, largest: this.largest };
  }
}

async function compareScores(pair: Pair, batches: readonly FedImages[]): Promise<Comparison> {
  const { file, imported } = pair;
  const { input, output } = imported;
  const found = new Differences();
  const original = await OriginalNetwork.open(file, input, [output]);
  try {
    const ours = await ownNetwork(pair);
    try {
      for (const batch of batches)
        found.add(
          batch,
          await ours.run(batch.own),
          (await original.run(batch.original)).get(output.name),
        );
    } finally {
      await ours.release();
    }
  } finally {
    await original.close();
  }
  return found.comparison;
}

/** Compares what the last layer that both have makes, if it is not all 0. */
function compareFeatures(pair: Pair, batches: readonly FedImages[]): Promise<Comparison> {
  return withLayers(pair, async (layersOf) => {
    const found = new Differences();
    let layer: string | undefined;
    for (const batch of batches) {
      const isShown = (one: LayerPair): boolean =>
        layer === undefined ? hasNumbers(one.wanted) : one.layer === layer;
      const last = (await layersOf(batch)).findLast(isShown);
      layer ??= last?.layer;
      found.add(batch, last?.own, last?.wanted);
    }
    return { ...found.comparison, ...(layer !== undefined && { layer }) };
  });
}

function hasNumbers(tensor: TensorData | undefined): boolean {
  return tensor?.data.some((value) => Number(value) !== 0) === true;
}

/** True if no output differs by more than rounding does. */
export function isSame({
  difference,
  largest,
}: Pick<Comparison, 'difference' | 'largest'>): boolean {
  return difference <= allowedShare * largest;
}

async function ownNetwork({ loaded, imported }: Pair) {
  const classes = imported.fileClasses ?? loaded.model.classes;
  const { onnx } = loaded.tracing(() =>
    compileInference(loaded.model, {
      weights: imported.weights,
      file: 'imported.onnx',
      trace: { batch: 'dynamic', classes },
    }),
  );
  const session = await onnxruntimeNode().create(onnx.bytes);
  return {
    async run(image: TensorData): Promise<TensorData> {
      const logits = zeroTensor('float32', [image.shape[0] ?? 1, classes]);
      await session.run({ image }, { logits });
      return logits;
    },
    release: () => session.release(),
  };
}

function firstDifference(pair: Pair, images: FedImages): Promise<FirstDifference | undefined> {
  return withLayers(pair, async (layersOf) => {
    for (const { layer, nodes, own, wanted } of await layersOf(images)) {
      const found = differenceOf(own, wanted);
      if (!isSame(found)) return { layer, nodes, ...found };
    }
    return undefined;
  });
}

/** What a layer makes in the written network and in the file. */
interface LayerPair extends Pick<FirstDifference, 'layer' | 'nodes'> {
  readonly own: TensorData | undefined;
  readonly wanted: TensorData | undefined;
}

/** Opens both networks for what their layers make, for as long as `use` takes. */
async function withLayers<T>(
  { file, loaded, imported }: Pair,
  use: (layersOf: (images: FedImages) => Promise<LayerPair[]>) => Promise<T>,
): Promise<T> {
  const layers = loaded.tracing(() => {
    // A new classifier has no weights yet, and is not compared.
    const classes = imported.fileClasses ?? loaded.model.classes;
    const fresh = networkOf(loaded, { classes }).weights.map(
      ({ name, shape }) => [name, zeroTensor('float32', shape)] as const,
    );
    const weights = new Map([...fresh, ...imported.weights]);
    return compileLayerOutputs(loaded.model, weights, { classes });
  });
  const both = imported.correspondence.flatMap((one) => {
    const output = layers.outputs.get(one.layer);
    return output && shapeEquals(output.shape, one.shape) ? [{ ...one, output }] : [];
  });
  const taps: Tap[] = both.map(({ value, shape }) => ({ name: value, shape }));
  const original = await OriginalNetwork.open(file, imported.input, taps);
  try {
    const session = await onnxruntimeNode({ graphOptimization: 'basic' }).create(layers.bytes);
    try {
      return await use(async (images) => {
        const [batch = 1] = images.own.shape;
        const wanted = await original.run(images.original);
        const fetches = Object.fromEntries(
          both.map(({ output }) => [
            output.name,
            zeroTensor('float32', sizesOf(output.shape, batch)),
          ]),
        );
        await session.run({ image: images.own }, fetches);
        return both.map(({ layer, nodes, value, output }) => {
          return { layer, nodes, own: fetches[output.name], wanted: wanted.get(value) };
        });
      });
    } finally {
      await session.release();
    }
  } finally {
    await original.close();
  }
}

function differenceOf(
  own: TensorData | undefined,
  wanted: TensorData | undefined,
): { difference: number; largest: number } {
  const [a, b] = [own?.data ?? [], wanted?.data ?? []];
  // Nothing compared is nothing shown.
  if (a.length !== b.length || b.length === 0) return { difference: Infinity, largest: 0 };
  let [difference, largest] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [Number(a[i]), Number(b[i])];
    if (Math.abs(y) > largest) largest = Math.abs(y);
    // Both may be NaN or infinite alike.
    const apart = Object.is(x, y) ? 0 : Math.abs(x - y);
    difference = Math.max(difference, Number.isNaN(apart) ? Infinity : apart);
  }
  return { difference, largest };
}
