import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeError } from './fileErrors.js';

/** Folders that hold files of a run; others are a person's. */
const folders = /^(?:artifacts|checkpoints|labels|fixed|sets|step-\d{8,})$/;

/** Files that a run writes, wherever in its folder. corrections.csv is a person's work and stays. */
const files = [
  /^(?:run|lineage|summary|ablation|manifest|costs|start|test|test-images|state)\.json$/,
  /^(?:state|init)\.safetensors$/,
  /^(?:infer|forward|grad|update|train|init|model)\.onnx(?:\.data)?$/,
  /^metrics\.jsonl$/,
  /^(?:\w+\.)?unreadable\.jsonl$/,
  /^(?:curves|classes|summary)\.svg$/,
  /^(?:kept|ledger|audit|shard-\d+-of-\d+)\.parquet$/,
  /^(?:labelled|unlabelled|test|audit|kept|eval-[\da-f]+|shard-\d+-of-\d+)\.gz$/,
];

/**
 * Removes the files of a run, a network, its checkpoints or its labels below `folder`, and the folders
 * that are empty then. What Gradus does not write there stays. Throws an ArtifactError for a file that
 * cannot be removed.
 */
export function removeOwnFiles(folder: string): void {
  try {
    remove(folder);
  } catch (error) {
    throw writeError(error, folder);
  }
}

/** True if the folder is gone. */
function remove(folder: string): boolean {
  let left = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const { name } = entry;
    const path = join(folder, name);
    if (entry.isDirectory() && folders.test(name)) left += remove(path) ? 0 : 1;
    else if (entry.isFile() && files.some((pattern) => pattern.test(name))) rmSync(path);
    else left += 1;
  }
  if (left === 0) rmdirSync(folder);
  return left === 0;
}
