import { cpu } from '../../../runtime/devices/cpu.js';
import type { ArtifactInfo, TensorInfo } from '../../../contract/manifest.js';
import type { Model } from '../../../compiler/trace/defineModel.js';
import { sourceOf } from '../../../compiler/onnx/model.js';
import { readModel } from '../../../compiler/onnx/reader.js';
import { requireArtifact } from '../../../runtime/engine/batchArrays.js';
import { sizeOfShape } from '../../../runtime/engine/buffers.js';
import { dtypes } from '../../../support/dtype.js';
import { invariant } from '../../../support/errors.js';
import { groupBy } from '../../../support/groupBy.js';
import { placeOf } from '../benchLayers.js';
import { compileStep, type StepOptions } from '../benchStep.js';
import { replayRun, type Replay } from './replay.js';

/** Memory of one part of a training process. */
export interface MemoryPart {
  readonly part: MemoryPartName;
  readonly bytes: number;
}

type MemoryPartName =
  | 'parameters'
  | 'state'
  | 'activations'
  | 'arena'
  | 'images'
  | 'initial weights'
  | 'graph'
  | 'base';

/** Place where a training step needs the most memory. */
export interface MemoryPeak {
  /** The layer whose node runs then. */
  readonly layer: string;
  readonly phase: string;
  /** The user's `file:line:column`. */
  readonly source?: string;
  /** The layers that made what lies in memory then, the most first. */
  readonly live: readonly { readonly layer: string; readonly bytes: number }[];
}

/** Memory of a process that trains a model; JSON. */
export interface MemoryPrediction {
  readonly name: string;
  readonly batch: number;
  /** [C,H,W] */
  readonly image: readonly number[];
  /** Predicted largest resident memory of the process. */
  readonly peakRssBytes: number;
  readonly parts: readonly MemoryPart[];
  readonly peak: MemoryPeak;
}

/*
 * Measured on Linux, x64, with Node 20 and onnxruntime 1.29: a process of Node, Gradus and onnxruntime
 * with a training thread, and what the session keeps of each node.
 */
const baseBytes = 112e6;
const bytesPerNode = 6e3;

/** Sets of a batch's images: two that take turns in being filled, and the one that a step reads. */
const imageSets = 3;

/**
 * Predicts the memory of a process that trains a model on the CPU, from its compiled graph: where
 * onnxruntime will put each value, and what surrounds it. Nothing is run.
 */
export async function predictMemory(
  model: string | Model,
  options: Omit<StepOptions, 'mode' | 'device' | 'stepsPerRun'> = {},
): Promise<MemoryPrediction> {
  const { manifest, artifacts } = await compileStep(model, {
    ...options,
    mode: 'train',
    device: cpu.name,
  });
  const { train } = artifacts;
  invariant(train, 'a training step was compiled');
  const graph = readModel(train.onnx.bytes);
  const replay = replayRun(graph, manifest.block ?? 0);
  const parts = partsOf(requireArtifact(manifest, 'train'), replay, graph.graph.nodes.length);
  return {
    name: manifest.name,
    batch: Number(manifest.batch),
    image: manifest.image,
    peakRssBytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    parts,
    peak: peakOf(replay),
  };
}

function partsOf(train: ArtifactInfo, replay: Replay, nodes: number): MemoryPart[] {
  const roleBytes = (roles: readonly TensorInfo['role'][]): number =>
    sum(train.inputs.filter(({ role }) => roles.includes(role)).map(bytesOf));
  const weights = roleBytes(['param', 'buffer']);
  // Outputs not written in place have a second tensor, which alternates with the first.
  const second = sum(train.outputs.filter((o) => o.replaces && !o.inPlace).map(bytesOf));
  const { peakBytes, residentBytes, indexBytes } = replay;
  return [
    { part: 'parameters', bytes: weights },
    { part: 'state', bytes: roleBytes(['state', 'ema']) + second },
    { part: 'activations', bytes: peakBytes },
    { part: 'arena', bytes: residentBytes - peakBytes + indexBytes },
    { part: 'images', bytes: imageSets * roleBytes(['image']) },
    // Garbage, as they were read or as they came to the training thread; one of the two is collected.
    { part: 'initial weights', bytes: weights },
    { part: 'graph', bytes: bytesPerNode * nodes },
    { part: 'base', bytes: baseBytes },
  ];
}

function bytesOf({ dtype, shape }: TensorInfo): number {
  return sizeOfShape(shape.map(Number)) * dtypes[dtype].bytes;
}

function peakOf({ peakNode, live }: Replay): MemoryPeak {
  invariant(peakNode, 'a training step has nodes');
  const { layer, phase } = placeOf(peakNode.name);
  const source = sourceOf(peakNode);
  const groups = groupBy(live, ({ maker }) => placeOf(maker.name).layer);
  const byLayer = [...groups]
    .map(([made, values]) => ({ layer: made, bytes: sum(values.map(({ bytes }) => bytes)) }))
    .sort((a, b) => b.bytes - a.bytes);
  return { layer, phase, ...(source !== undefined && { source }), live: byLayer };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
