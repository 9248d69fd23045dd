import { ParquetFileWriter, type Columns } from '../../runtime/storage/parquet/writer.js';
import { keptStatistics } from './keptStore.js';
import type { LabelOrigin } from '../labels/labelStore.js';
import { createLedger, type ledgerColumns } from './ledger.js';

/** Paths of kept labels and their ledger. */
interface KeptPlaces {
  readonly out: string;
  readonly ledger: string;
}

/** Two files that are written together. */
interface KeptWriters<C extends Columns> {
  readonly kept: ParquetFileWriter<C>;
  readonly ledger: ParquetFileWriter<typeof ledgerColumns>;
}

/** Begins the kept labels and the ledger of a generation: both, or neither. */
export function createKept<C extends Columns>(
  { out, ledger: path }: KeptPlaces,
  columns: C,
  origin: LabelOrigin,
  generation: number,
): KeptWriters<C> {
  const ledger = createLedger(path, origin, generation);
  try {
    return { ledger, kept: new ParquetFileWriter(out, columns, {}, keptStatistics) };
  } catch (error) {
    ledger.discard();
    throw error;
  }
}
