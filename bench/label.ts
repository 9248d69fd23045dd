import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileModel, Labeller, type LabellerOptions } from '../src/index.js';
import { sizeOfShape } from '../src/runtime/engine/buffers.js';
import { range, type ImageSource } from '../src/data/loader/imageSource.js';
import { onnxruntimeNode } from '../src/runtime/executors/onnxruntimeNode.js';
import { zeroTensor } from '../src/support/tensor.js';
import { round, spread } from '../src/support/statistics/spread.js';
import { classes } from './b0.js';
import type { Settings } from './run.js';
import { startTorch } from './peer.js';

/** So many that the first one, for which nothing else is made ready meanwhile, says little. */
const batchesPerTurn = 8;
const warmUpTurns = 1;

/** Something that labels batches. */
interface Contender {
  /** Labels some batches, of which a labeller has two under way, so that only all of them have a time. */
  turn(batches: number): Promise<void>;
  close(): Promise<void> | void;
}

/**
 * Milliseconds of a batch that is labelled with a shipped model, images to probabilities: by our
 * labeller with all threads, by one with a session for each thread, by `session.run` alone on
 * the same graph, and by PyTorch; all take turns, so that they see the same machine.
 */
export async function benchLabel(settings: Settings): Promise<object> {
  const { model, batch, size, steps, threads } = settings;
  const folder = mkdtempSync(join(tmpdir(), 'gradus-label-'));
  await compileModel(model, {
    ...{ batch, size, classes, out: folder, artifacts: ['infer'] },
    ...{ foldBatchNorm: true, imageFormat: 'uint8-nhwc' },
  });
  const file = join(folder, 'infer.onnx');
  const torch = await startTorch(settings, 'torchLabel.py');
  const contenders: Record<string, Contender> = {
    labeller: await labelling(file, { batch, threads }),
    sessionForEachThread: await labelling(file, { batch, threads: 1, sessions: threads }),
    bareSession: await bareSession(file, settings),
    ...(torch && {
      torch: {
        turn: async (count) => {
          for (let i = 0; i < count; i++) await torch.peer.ask();
        },
        close: () => torch.peer.close(),
      },
    }),
  };
  const times: Record<string, number[]> = {};
  for (let turn = 0; turn < warmUpTurns + steps / batchesPerTurn; turn++)
    for (const [name, contender] of Object.entries(contenders)) {
      const begun = performance.now();
      await contender.turn(batchesPerTurn);
      const each = (performance.now() - begun) / batchesPerTurn;
      if (turn >= warmUpTurns) (times[name] ??= []).push(each);
    }
  for (const { close } of Object.values(contenders)) await close();
  rmSync(folder, { recursive: true });
  return { model, batch, size, threads, ...(torch && { torch: torch.version }), ...figures(times) };
}

function figures(times: Readonly<Record<string, readonly number[]>>) {
  const spreads = Object.entries(times).map(([name, own]) => [name, spread(own)] as const);
  const { median = NaN, lowest = NaN } = spreads.find(([name]) => name === 'labeller')?.[1] ?? {};
  const ratios = spreads.map(([name, own]) => [
    name,
    { medians: round(own.median / median), lowest: round(own.lowest / lowest) },
  ]);
  return {
    milliseconds: Object.fromEntries(spreads),
    /** Above 1 where the labeller is ahead. */
    timesLabeller: Object.fromEntries(ratios) as object,
  };
}

function pixelsOf(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 2654435761) % 251);
}

/** Batches that cost next to nothing to make. */
function cheapImages(count: number, pixels: Uint8Array): ImageSource {
  return {
    name: 'cheap',
    fingerprint: 'cheap',
    count,
    id: String,
    async *batches(indices, { batch }) {
      const all = [...indices];
      for (let start = 0; start < all.length; start += batch)
        yield await Promise.resolve({ indices: all.slice(start, start + batch), pixels });
    },
  };
}

async function labelling(file: string, options: LabellerOptions): Promise<Contender> {
  const labeller = await Labeller.create(file, { ...options, device: 'cpu' });
  const { batch } = labeller;
  const pixels = pixelsOf(batch * sizeOfShape(labeller.manifest.image));
  return {
    turn: async (count) => {
      const source = cheapImages(count * batch, pixels);
      for await (const _ of labeller.predict(source, range(0, source.count))) continue;
    },
    close: () => labeller.close(),
  };
}

async function bareSession(file: string, settings: Settings): Promise<Contender> {
  const { batch, size, threads } = settings;
  const session = await onnxruntimeNode({ threads }).create(file);
  const image = zeroTensor('uint8', [batch, size, size, 3]);
  pixelsOf(image.data.length).forEach((pixel, i) => (image.data[i] = pixel));
  const feeds = { [session.inputNames[0] ?? '']: image };
  const fetches = { [session.outputNames[0] ?? '']: zeroTensor('float32', [batch, classes]) };
  return {
    turn: async (count) => {
      for (let i = 0; i < count; i++) await session.run(feeds, fetches);
    },
    close: () => session.release(),
  };
}
