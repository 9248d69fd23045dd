import { statSync } from 'node:fs';
import { z } from 'zod';
import { ParquetFile, type Columns, type Rows } from '../runtime/parquet.js';
import { ArtifactError } from '../support/errors.js';
import { auditResultSchema, type AuditResult } from './audit.js';
import { sampleSchema, type SampleResult } from './figureSchemas.js';
import { LabelSet, originSchema, readInfo, type LabelOrigin } from './labelStore.js';

/** Labels of one teacher, in whichever of our files they are; all have the columns of labels. */
export interface LabelTable {
  readonly path: string;
  /** All labels of a set, those that were kept, or what became of each. */
  readonly kind: 'labels' | 'kept' | 'ledger';
  readonly origin: LabelOrigin;
  readonly rows: number;
  /** What kept labels say of their precision. */
  readonly audit?: AuditResult | undefined;
  /** What a person marked of a random sample. */
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
 * Opens the folder that `gradus label` made, one of its shards, kept labels or a ledger. Throws an
 * ArtifactError where a file is missing, damaged or of another kind, a DataError where shards are
 * missing.
 */
export async function openLabelTable(path: string): Promise<LabelTable> {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    const set = await LabelSet.open(path);
    const { origin, rows } = set;
    return { path, kind: 'labels', origin, rows, read: (columns) => set.read(columns) };
  }
  const file = await openFile(path);
  try {
    const info = readInfo(file, infoSchema, formats);
    return {
      path,
      kind: kinds[info.format],
      origin: originSchema.parse(info),
      rows: file.rows,
      audit: info.audit ?? undefined,
      sample: info.sample ?? undefined,
      read: (columns) => readFile(path, columns),
    };
  } finally {
    file.close();
  }
}

async function openFile(path: string): Promise<ParquetFile> {
  try {
    return await ParquetFile.open(path);
  } catch (error) {
    if (!(error instanceof ArtifactError) || error.code !== 'missing-file') throw error;
    throw new ArtifactError(`${path} does not exist`, {
      code: 'missing-file',
      where: path,
      hint: 'give a folder of labels, or a file of kept labels or a ledger that gradus filter wrote',
    });
  }
}

async function* readFile<C extends Columns>(path: string, columns: C): AsyncGenerator<Rows<C>> {
  const file = await ParquetFile.open(path);
  try {
    yield* file.read(columns);
  } finally {
    file.close();
  }
}
