import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { userCacheFolder } from '../../language/frontend/cache.js';
import { installedVersion } from '../../language/frontend/installation.js';
import { makeFolder, writeFileAtomic } from '../../runtime/storage/atomic.js';
import { readError, systemCode, writeError } from '../../runtime/storage/fileErrors.js';
import { canonicalJson } from '../../runtime/storage/json.js';
import { placesOf } from '../../runtime/storage/places.js';
import { onnxruntimeVersion } from '../../runtime/machine/probe.js';
import { ArtifactError } from '../../support/errors.js';
import { isObject } from '../../support/objects.js';
import type { CostMachine, CostTable } from '../../compiler/targets/costTable.js';

/*
 * Measured costs lie in the user's cache, a file for each machine, version and number of threads; and
 * in the folder of a run that was begun with them, so that whoever tunes in the meantime changes
 * nothing in it.
 */

/** Costs by which a target chooses lowerings: measured, or the estimates that it ships with. */
export type Costs = CostTable | 'estimated';

/** This machine, as far as times depend on it. */
export function costMachine(block: number, threads = 0): CostMachine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    threads,
    block,
    onnxruntime: onnxruntimeVersion(),
    gradus: installedVersion(),
  };
}

/** Path of a machine's costs: `$XDG_CACHE_HOME/gradus/costs/<hash>.json`. */
export function tunedCostsPath(machine: CostMachine): string {
  const hash = createHash('sha256').update(canonicalJson(machine)).digest('hex');
  return join(userCacheFolder('costs'), `${hash.slice(0, 16)}.json`);
}

/**
 * Costs that `gradus tune` measured on a machine; undefined if there are none, or the file is
 * damaged.
 */
export function readTunedCosts(machine: CostMachine): CostTable | undefined {
  try {
    return readCosts(tunedCostsPath(machine));
  } catch {
    return undefined;
  }
}

/** Keeps a table as its machine's. */
export function writeTunedCosts(table: CostTable): string {
  const path = tunedCostsPath(table.machine);
  makeFolder(userCacheFolder('costs'));
  writeFileAtomic(path, canonicalJson(table));
  return path;
}

/** Notes by which costs a run in `folder`, which is made if missing, chooses its lowerings. */
export function recordRunCosts(folder: string, costs: Costs): void {
  const path = placesOf(folder).costs;
  if (costs === 'estimated') {
    try {
      rmSync(path, { force: true });
    } catch (error) {
      throw writeError(error, path);
    }
    return;
  }
  makeFolder(folder);
  writeFileAtomic(path, canonicalJson(costs));
}

/**
 * Costs with which the run in `folder` was begun. Throws an ArtifactError if the file is damaged.
 */
export function recordedRunCosts(folder: string): Costs {
  return readCosts(placesOf(folder).costs) ?? 'estimated';
}

function readCosts(path: string): CostTable | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw readError(
      error,
      path,
      'restore it: a run cannot continue without the costs that it began with',
    );
  }
  if (isCostTable(value)) return value;
  throw new ArtifactError(`${path} is not a table of costs`, {
    code: 'costs-unreadable',
    where: path,
  });
}

function isCostTable(value: unknown): value is CostTable {
  if (!isObject(value) || !isObject(value['machine']) || !isObject(value['costs'])) return false;
  return Object.values(value['costs']).every(
    (own) => isObject(own) && Object.values(own).every((cost) => typeof cost === 'number'),
  );
}
