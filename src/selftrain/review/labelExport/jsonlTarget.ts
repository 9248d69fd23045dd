import { shortestFloat32 } from '../../../support/floatText.js';
import { LineWriter } from '../../labels/lineWriter.js';
import type { ExportedLabel, ExportedTable, ExportTarget } from './target.js';

/** A JSON object for each label, a line each, with the probabilities by the names of the classes. */
export const jsonlTarget: ExportTarget = {
  open(out, table) {
    const writer = new LineWriter(out);
    const keys = table.origin.classes.map((name) => `${JSON.stringify(name)}:`);
    return {
      add: (row) => {
        writer.add(lineOf(row, table, keys));
      },
      commit: () => writer.commit(),
      discard: () => {
        writer.discard();
      },
    };
  },
};

/** Keys are put together as text: an object would sort names that are numbers, and lose `__proto__`. */
function lineOf(row: ExportedLabel, table: ExportedTable, keys: readonly string[]): string {
  const { id, index, label, confidence, rest } = row;
  const name = table.origin.classes[label] ?? '';
  const fields = [
    `"id":${JSON.stringify(id)},"index":${index},"label":${label},"class":${JSON.stringify(name)}`,
    `"confidence":${shortestFloat32(confidence)}`,
    ...table.further.map((column, i) => `"${column}":${JSON.stringify(row.further[i])}`),
  ];
  if (table.probabilities) {
    const own: string[] = [];
    for (const [i, p] of row.probabilities.entries())
      own.push(`${keys[row.classes[i] ?? 0] ?? ''}${shortestFloat32(p)}`);
    fields.push(`"probabilities":{${own.join(',')}}`);
  }
  if (rest !== undefined) fields.push(`"rest":${shortestFloat32(rest)}`);
  return `{${fields.join(',')}}\n`;
}
