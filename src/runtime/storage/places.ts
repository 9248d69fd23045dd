/**
 * The places of a run: the names of its files and folders, each in this file alone. A run of several networks
 * has a folder for each, with the same places as a run of one, and so has a second phase below its network's.
 */
import { join } from 'node:path';

const folders = {
  artifacts: 'artifacts',
  checkpoints: 'checkpoints',
  /** The second phase of a run or generation, the fix of its resolution: a network's folder. */
  fixed: 'fixed',
  labels: 'labels',
  /** Records of the sets of images. */
  sets: 'sets',
} as const;

const files = {
  /** Config as resolved, versions, machine, seed, hashes. */
  info: 'run.json',
  metrics: 'metrics.jsonl',
  curves: 'curves.svg',
  /** Origin of a second phase. */
  start: 'start.json',
  /** Test results, and the weights that gave them. */
  test: 'test.json',
  /** The costs by which a run's lowerings were chosen. */
  costs: 'costs.json',
  unreadable: 'unreadable.jsonl',
  /** The unreadable images of an evaluation, if training has a list of its own. */
  evaluationUnreadable: 'eval.unreadable.jsonl',
  /** Manifest of the artifacts. */
  manifest: 'manifest.json',
  /** Network as data, for artifacts or an imported checkpoint. */
  architecture: 'architecture.json',
  /** State of a checkpoint. */
  state: 'state.json',
  /** Tensors of a checkpoint. */
  tensors: 'state.safetensors',
  /** The stages of a self-training. */
  lineage: 'lineage.json',
  summary: 'summary.json',
  summaryCurves: 'summary.svg',
  ablation: 'ablation.json',
  /** Test images that a network of a self-training gets right. */
  testImages: 'test-images.json',
  /** Labels to train with, in a folder of labels. */
  kept: 'kept.parquet',
  /** Labels of the auditing images, in a folder of labels. */
  audit: 'audit.parquet',
} as const;

/** The names of a run's folders and files. */
export const placeNames = { ...folders, ...files };

/** The folders that a run makes. */
export const folderNames: ReadonlySet<string> = new Set(Object.values(folders));

/** The files that a run writes under a name of their own. */
export const fileNames: ReadonlySet<string> = new Set(Object.values(files));

/** Paths of a run's folders and files. */
export type Places = { readonly [K in keyof typeof placeNames]: string };

/** The places in a folder: of a run, of one of its networks, of its labels or of a checkpoint. */
export function placesOf(folder: string): Places {
  const paths = Object.entries(placeNames).map(([place, name]) => [place, join(folder, name)]);
  return Object.fromEntries(paths) as Places;
}
