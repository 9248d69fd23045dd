/** Ledger of every image in a generation, as Parquet that other tools read. */
import { ParquetFileWriter, type Columns } from '../../runtime/storage/parquet/writer.js';
import { infoKey, labelColumns, type LabelOrigin } from '../labels/labelStore.js';

/**
 * Columns of a ledger: the label of each image, by number and by name, and its confidence, whether
 * it was `kept`, `duplicated` or `dropped`, why, and how often a student sees it.
 */
export const ledgerColumns = {
  ...labelColumns,
  class: 'category',
  generation: 'int32',
  status: 'category',
  reason: 'category',
  copies: 'int32',
} as const satisfies Columns;

/** `kept`, `duplicated` or `dropped`, from the number of copies. */
export function statusOf(copies: number): string {
  if (copies === 0) return 'dropped';
  return copies === 1 ? 'kept' : 'duplicated';
}

/** Begins the ledger of a generation. */
export function createLedger(
  path: string,
  origin: LabelOrigin,
  generation: number,
): ParquetFileWriter<typeof ledgerColumns> {
  return new ParquetFileWriter(path, ledgerColumns, {
    [infoKey]: JSON.stringify({ ...origin, format: 'gradus-ledger', version: 1, generation }),
  });
}
