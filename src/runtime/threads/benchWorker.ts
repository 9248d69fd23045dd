/** The process in which `measure` runs steps, so that its peak of memory is theirs alone. */
import { join } from 'node:path';
import { invariant } from '../../support/errors.js';
import { requireArtifact } from '../engine/batchArrays.js';
import type { BenchReply, BenchRequest, Measured, MeasuredStep } from './benchProtocol.js';
import { stepsToQueue } from '../engine/device/deviceQueue.js';
import { peakRssBytes } from './memory.js';
import { readSafetensors } from '../storage/safetensors.js';
import { onHost } from '../devices/lookup.js';
import { onnxruntimeNode } from '../executors/onnxruntimeNode.js';
import { TrainClient } from './trainClient.js';
import { packError } from '../../support/packError.js';
import { transferMilliseconds } from '../engine/device/transfers.js';

/** Runs the steps of a request. */
async function measure(request: BenchRequest): Promise<Measured> {
  const { mode, manifest, folder, threads, profile } = request;
  const baseRssBytes = process.memoryUsage().rss;
  const kind = mode === 'train' ? 'train' : 'infer';
  const info = requireArtifact(manifest, kind);
  const client = await TrainClient.start({
    manifest,
    artifacts: { [kind]: join(folder, info.file) },
    seed: 0,
    session: {
      ...request.session,
      ...(mode === 'train' && { memPattern: false }),
      ...(threads !== undefined && { threads }),
      ...(profile !== undefined && { profile }),
    },
  });
  if (mode === 'train')
    await client.initialize(readSafetensors(join(folder, requireArtifact(manifest, 'init').file)));
  const step = mode === 'train' ? await trainStep(client) : await labelStep(client);
  const steps = await timeSteps(step, request, mode === 'train' ? (info.steps ?? 1) : 1);
  await client.stop();
  const measured = { steps, peakRssBytes: peakRssBytes(), baseRssBytes };
  const { session = {} } = request;
  if (profile !== undefined || onHost(session)) return measured;
  const images = mode === 'train' ? client.images : client.inferImages;
  return {
    ...measured,
    transferMilliseconds: await transferMilliseconds(info, images, onnxruntimeNode(session)),
  };
}

/** Runs steps from an index on, as many as are asked for; the milliseconds of one inside onnxruntime. */
type Step = (index: number, count: number) => Promise<number>;

/** Runs of several steps that are measured at least, so that there is a median. */
const leastRuns = 3;

/**
 * Times steps as training takes them: `stepsPerRun` in one run, or on a device as many as it is given before
 * their results are read.
 */
async function timeSteps(
  step: Step,
  { warmUp, mode, session = {}, profile, ...request }: BenchRequest,
  stepsPerRun: number,
): Promise<MeasuredStep[]> {
  let count = stepsPerRun;
  let next = 0;
  const take = (): Promise<number> => {
    const first = next;
    next += count;
    return step(first, count);
  };
  for (let i = 0; i < warmUp; i++) {
    const runMilliseconds = await take();
    if (mode === 'train' && onnxruntimeNode(session).staysOnDevice)
      count = stepsToQueue(runMilliseconds);
  }
  // The file of a profile has room for a million nodes.
  const least = count > 1 && profile === undefined ? leastRuns : 1;
  const steps: MeasuredStep[] = [];
  const begun = performance.now();
  for (let last = begun; ;) {
    const runMilliseconds = await take();
    const now = performance.now();
    steps.push({ milliseconds: (now - last) / count, runMilliseconds });
    last = now;
    const enough = steps.length >= least && now - begun >= 1000 * request.seconds;
    if (count * steps.length >= request.steps && enough) return steps;
  }
}

/** Steps on images that are made once: what a data set takes is not part of them. */
async function trainStep(client: TrainClient): Promise<Step> {
  const slots = [await client.batch(), await client.batch()];
  for (const [i, arrays] of slots.entries()) {
    const { image, target, weight } = arrays;
    fillImages(image, i);
    const classes = target.length / weight.length;
    for (const row of weight.keys()) target[row * classes + ((row * 37 + i) % classes)] = 1;
    weight.fill(1);
    client.giveBack(arrays);
  }
  return async (index, count) => {
    for (let i = 0; ; i++) {
      const arrays = await client.batch();
      const request = { step: index + i, hypers: { learning_rate: 1e-3 } };
      const [result] = await client.advance(arrays, request, { later: i < count - 1 });
      if (result && i >= count - 1) return result.runTime;
    }
  };
}

async function labelStep(client: TrainClient): Promise<Step> {
  const slots = [await client.inferArrays(), await client.inferArrays()];
  for (const [i, arrays] of slots.entries()) {
    fillImages(arrays.image, i);
    client.giveBackInfer(arrays);
  }
  return async () => {
    const arrays = await client.inferArrays();
    const runTime = await client.infer(arrays);
    client.giveBackInfer(arrays);
    return runTime;
  };
}

function fillImages(pixels: Float32Array | Uint8Array, seed: number): void {
  const scale = pixels instanceof Uint8Array ? 256 : 1;
  for (let i = 0; i < pixels.length; i++)
    pixels[i] = (scale * ((i * 2_654_435_761 + seed) % 997)) / 997;
}

async function answer(request: BenchRequest): Promise<BenchReply> {
  try {
    return { ok: true, measured: await measure(request) };
  } catch (error) {
    return { ok: false, error: packError(error, 'measuring') };
  }
}

invariant(process.send, 'benchWorker runs as a process with a channel to its parent');
// Whoever asked has been killed: nobody waits for the answer, and a step may take long.
const orphaned = (): void => {
  process.kill(process.pid, 'SIGKILL');
};
process.once('disconnect', orphaned);
process.once('message', (request: BenchRequest) => {
  void answer(request).then((reply) => {
    process.send?.(reply, () => {
      process.off('disconnect', orphaned);
      process.disconnect();
    });
  });
});
