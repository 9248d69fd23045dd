import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { artifactFile, artifactKinds } from '../../contract/artifactKinds.js';
import { writeError } from './fileErrors.js';
import { fileNames, folderNames } from './places.js';

/** Checkpoints, beside the folders of `places`; others are a person's. */
const checkpoint = /^step-\d{8,}$/;

const artifacts: ReadonlySet<string> = new Set(artifactKinds.map(artifactFile));

/** Files that a run writes beside those of `places`, wherever in its folder. corrections.csv is a person's work and stays. */
const files = [
  /^model\.onnx(?:\.data)?$/,
  /^(?:\w+\.)?unreadable\.jsonl$/,
  /^classes\.svg$/,
  /^(?:ledger|shard-\d+-of-\d+)\.parquet$/,
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

function isOwnFolder(name: string): boolean {
  return folderNames.has(name) || checkpoint.test(name);
}

function isOwnFile(name: string): boolean {
  return (
    fileNames.has(name) ||
    artifacts.has(name.replace(/\.data$/, '')) ||
    files.some((pattern) => pattern.test(name))
  );
}

/** True if the folder is gone. */
function remove(folder: string): boolean {
  let left = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const { name } = entry;
    const path = join(folder, name);
    if (entry.isDirectory() && isOwnFolder(name)) left += remove(path) ? 0 : 1;
    else if (entry.isFile() && isOwnFile(name)) rmSync(path);
    else left += 1;
  }
  if (left === 0) rmdirSync(folder);
  return left === 0;
}
