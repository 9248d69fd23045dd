import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { readError } from '../../runtime/storage/fileErrors.js';
import { denseSteps, readMetrics } from '../../runtime/storage/metrics.js';
import { placesOf } from '../../runtime/storage/places.js';
import { CsvWriter } from '../../selftrain/labels/csv.js';
import { ArtifactError } from '../../support/errors.js';

export interface ExportMetricsOptions {
  /** The file to write; it appears whole or not at all. */
  readonly out: string;
}

export interface ExportMetricsSummary {
  readonly out: string;
  /** Networks in the run, by their folders; `.` for the run of one network. */
  readonly networks: readonly string[];
  readonly rows: number;
  readonly columns: readonly string[];
  /** Lines of the metrics files that could not be read and are left out. */
  readonly damaged: number;
  /** True if a network took more steps than have a line each. */
  readonly thinned: boolean;
  readonly bytes: number;
}

/**
 * Writes the metrics of a run, or of each network of a self-training, as CSV: one row per step and
 * evaluation that the metrics hold, with the columns `network`, `kind`, `step` and every metric that any row has. Throws an
 * ArtifactError if the folder has no metrics.
 */
export function exportMetrics(run: string, { out }: ExportMetricsOptions): ExportMetricsSummary {
  const networks = networksOf(run);
  if (networks.length === 0)
    throw new ArtifactError(`${run} has no metrics`, {
      code: 'no-metrics',
      where: run,
      hint: 'pass the folder of a run of gradus train or gradus selftrain',
    });
  const metrics = [...new Set(networks.flatMap(metricsIn))];
  const columns = ['network', 'kind', 'step', ...metrics];
  const file = new CsvWriter(out, columns);
  let rows = 0;
  let damaged = 0;
  let thinned = false;
  const countDamaged = (): void => {
    damaged += 1;
  };
  try {
    for (const network of networks)
      for (const record of readMetrics(placesOf(network).metrics, countDamaged)) {
        const values = metrics.map((name) => String(record[name] ?? ''));
        file.add([nameOf(run, network), record.kind, record.step, ...values]);
        rows += 1;
        if (record.kind === 'step' && record.step > denseSteps) thinned = true;
      }
    const bytes = file.commit();
    const names = networks.map((path) => nameOf(run, path));
    return { out, networks: names, rows, columns, damaged, thinned, bytes };
  } catch (error) {
    file.discard();
    throw error;
  }
}

/** Folders with metrics: the run's own, its networks' and their second phases'. */
function networksOf(folder: string): string[] {
  const own = existsSync(placesOf(folder).metrics) ? [folder] : [];
  const below = foldersIn(folder).flatMap((path) => {
    const fixed = placesOf(path).fixed;
    return [path, fixed].filter((each) => existsSync(placesOf(each).metrics));
  });
  return [...own, ...below];
}

/** Subfolders in the order of their names, numbers in them counting as such. */
function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(folder, name))
      .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  } catch (error) {
    throw readError(error, folder);
  }
}

/** Names of a network's metrics, in the order in which they first appear. */
function metricsIn(network: string): string[] {
  const names = new Set<string>();
  for (const record of readMetrics(placesOf(network).metrics))
    for (const name of Object.keys(record)) names.add(name);
  return [...names].filter((name) => name !== 'kind' && name !== 'step');
}

function nameOf(run: string, network: string): string {
  return relative(run, network) || '.';
}
