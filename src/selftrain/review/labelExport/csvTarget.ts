import { shortestFloat32 } from '../../../support/floatText.js';
import { CsvWriter } from '../../labels/csv.js';
import { probabilityColumns } from '../../labels/labelStore.js';
import type { ExportedLabel, ExportedTable, ExportTarget } from './target.js';

/** A line for each label, with the columns of the Parquet files and the class by name. */
export const csvTarget: ExportTarget = {
  open(out, table) {
    const writer = new CsvWriter(out, columnsOf(table));
    return {
      add: (row) => {
        writer.add(cellsOf(row, table));
      },
      commit: () => writer.commit(),
      discard: () => {
        writer.discard();
      },
    };
  },
};

function columnsOf({ origin, further, probabilities }: ExportedTable): string[] {
  const last = probabilities ? Object.keys(probabilityColumns(origin)) : [];
  return ['id', 'index', 'label', 'class', 'confidence', ...further, ...last];
}

function cellsOf(row: ExportedLabel, { origin }: ExportedTable): (string | number)[] {
  const { id, index, label, confidence, further, rest } = row;
  const name = origin.classes[label] ?? '';
  const cells = [id, index, label, name, shortestFloat32(confidence), ...further];
  for (const [i, p] of row.probabilities.entries()) {
    if (origin.topK !== null) cells.push(row.classes[i] ?? 0);
    cells.push(shortestFloat32(p));
  }
  if (rest !== undefined) cells.push(shortestFloat32(rest));
  return cells;
}
