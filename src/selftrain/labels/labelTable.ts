import { statSync } from 'node:fs';
import { z } from 'zod';
import { readClassNames } from '../../data/text/classFile.js';
import type { Columns, Rows } from '../../runtime/storage/parquet/writer.js';
import { ArtifactError } from '../../support/errors.js';
import { auditResultSchema, type AuditResult } from './audit.js';
import { sampleSchema, type SampleResult } from './figureSchemas.js';
import {
  foreignNote,
  foreignOrigin,
  readFacts,
  requireProbabilities,
  type LabelFileFacts,
} from './foreignLabels.js';
import { readLabelRows } from './labelRows.js';
import { LabelSet, requireNames, type OpenLabelsOptions } from './labelSet.js';
import { boundsOf, infoKey, originSchema, readInfo, type LabelOrigin } from './labelStore.js';

/** Labels of one teacher, in whichever of our files they are; all have the columns of labels. */
export interface LabelTable {
  readonly path: string;
  /** All labels of a set, those that were kept, or what became of each. */
  readonly kind: 'labels' | 'kept' | 'ledger';
  readonly origin: LabelOrigin;
  readonly rows: number;
  /** Assumptions about the files and what was left out of them, a sentence each. */
  readonly notes: readonly string[];
  /** Precision recorded in kept labels. */
  readonly audit?: AuditResult | undefined;
  /** A person's marks of a random sample. */
  readonly sample?: SampleResult | undefined;
  read<C extends Columns>(columns: C): AsyncGenerator<Rows<C>>;
}

const kinds = {
  'gradus-labels': 'labels',
  'gradus-kept': 'kept',
  'gradus-ledger': 'ledger',
} as const;

const formats = ['gradus-labels', 'gradus-kept', 'gradus-ledger'] as const;

const infoSchema = originSchema.extend({
  format: z.enum(formats),
  version: z.literal(1),
  audit: auditResultSchema.nullish(),
  sample: sampleSchema.nullish(),
});

/**
 * Opens the folder that `gradus label` made, one of its shards, kept labels, a ledger, or what another
 * program made of these. Throws an ArtifactError if a file is missing, damaged or of another kind,
 * or does not name its classes, a DataError if shards are missing.
 */
export async function openLabelTable(
  path: string,
  options: OpenLabelsOptions = {},
): Promise<LabelTable> {
  const facts = isFolder(path) ? undefined : await openFile(path);
  const kind = facts && kindOf(facts);
  if (facts === undefined || kind === 'labels') {
    const set = await LabelSet.open(path, options);
    const { origin, rows, notes } = set;
    return { path, kind: 'labels', origin, rows, notes, read: (columns) => set.read(columns) };
  }
  const { origin, ...about } = aboutOf(facts, options);
  if (kind === 'kept') requireProbabilities(facts, origin);
  const { rows } = facts;
  const files = { paths: [path], rows, bounds: boundsOf(origin) };
  return {
    ...{ path, kind: kind ?? 'ledger', origin, rows },
    ...about,
    read: (columns) => readLabelRows(files, columns),
  };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * Kind of a file, by its metadata, or by its columns if it has lost them; throws if it is of
 * another kind.
 */
function kindOf(facts: LabelFileFacts): LabelTable['kind'] {
  if (facts.metadata(infoKey) !== undefined)
    return kinds[readInfo(facts, infoSchema, formats).format];
  const { columnNames } = facts;
  if (columnNames.includes('status')) return 'ledger';
  return columnNames.includes('reason') ? 'kept' : 'labels';
}

interface AboutLabels {
  readonly origin: LabelOrigin;
  readonly audit?: AuditResult | undefined;
  readonly sample?: SampleResult | undefined;
  readonly notes: readonly string[];
}

function aboutOf(facts: LabelFileFacts, { classes }: OpenLabelsOptions): AboutLabels {
  const names = classes === undefined ? undefined : readClassNames(classes);
  if (facts.metadata(infoKey) === undefined) {
    const origin = foreignOrigin([facts], names);
    return { origin, notes: [foreignNote(facts.path, [facts], classes ?? '')] };
  }
  const info = readInfo(facts, infoSchema, formats);
  requireNames(facts.path, info, names);
  const { audit, sample } = info;
  return {
    origin: originSchema.parse(info),
    ...{ audit: audit ?? undefined, sample: sample ?? undefined, notes: [] },
  };
}

async function openFile(path: string): Promise<LabelFileFacts> {
  try {
    return await readFacts(path);
  } catch (error) {
    if (!(error instanceof ArtifactError) || error.code !== 'missing-file') throw error;
    throw new ArtifactError(`${path} does not exist`, {
      code: 'missing-file',
      where: path,
      hint: 'pass a folder of labels, or a file of kept labels or a ledger that gradus filter wrote',
    });
  }
}
