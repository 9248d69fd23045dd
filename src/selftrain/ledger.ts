/** What became of every image in a generation, as Parquet that other tools read. */
import type { Columns } from '../runtime/parquet.js';
import { labelColumns } from './labelStore.js';

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
