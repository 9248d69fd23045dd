import type { Telling } from '../../contract/events.js';
import { progressTeller } from '../../training/listeners/tell.js';
import { dirname, extname, resolve } from 'node:path';
import { makeFolder } from '../../runtime/storage/atomic.js';
import { rowCount, type Columns, type Rows } from '../../runtime/storage/parquet/writer.js';
import { ConfigError } from '../../support/errors.js';
import { keptColumns } from '../choose/keptStore.js';
import { exportTargets, type ExportTargetName } from './labelExport/index.js';
import type { ExportedLabel } from './labelExport/target.js';
import { labelColumns, probabilityColumns } from '../labels/labelStore.js';
import { openLabelTable, type LabelTable } from '../labels/labelTable.js';
import { ledgerColumns } from '../choose/ledger.js';

export interface ExportLabelsRequest extends Telling {
  readonly to: ExportTargetName;
  /** The file to write. */
  readonly out: string;
  /** A file with the names of the classes, one a line, if the labels do not tell. */
  readonly classes?: string | undefined;
}

export interface ExportLabelsSummary {
  readonly labels: string;
  /** All labels of a set, those that were kept, or what became of each. */
  readonly kind: LabelTable['kind'];
  readonly to: ExportTargetName;
  readonly out: string;
  readonly rows: number;
  /** Names, in the order of their numbers. */
  readonly classes: readonly string[];
  /** Size of the file. */
  readonly bytes: number;
  /** Assumptions about the labels and what was left out of them, a sentence each. */
  readonly notes: readonly string[];
  readonly seconds: number;
}

/**
 * Writes labels, kept labels or a ledger as a file of another kind, row by row as they are read and
 * checked. Throws as openLabelTable and readLabelRows, and a ConfigError if the file would take
 * the place of labels.
 */
export async function exportLabels(
  labels: string,
  { to, out, classes, ...telling }: ExportLabelsRequest,
): Promise<ExportLabelsSummary> {
  const start = performance.now();
  requireOtherFile(labels, out, to);
  const table = await openLabelTable(labels, { classes });
  const { origin, kind, rows: total, notes } = table;
  const columns = columnsOf(table);
  const probabilities = kind === 'ledger' ? {} : probabilityColumns(origin);
  const known = { ...labelColumns, ...probabilities, class: 'category' };
  const further = Object.keys(columns).filter((name) => !(name in known));
  const about = { origin, further, probabilities: kind !== 'ledger' };
  const target = await exportTargets[to].load();
  makeFolder(dirname(out));
  const sink = target.open(out, about);
  const progress = progressTeller(telling, { task: 'export', unit: 'rows' });
  try {
    const label = emptyLabel(kind === 'ledger' ? 0 : (origin.topK ?? origin.classes.length));
    let done = 0;
    for await (const rows of table.read(columns)) {
      for (let row = 0; row < rowCount(rows); row++) {
        fill(label, rows, row, further, origin.topK !== null && kind !== 'ledger');
        sink.add(label);
      }
      done += rowCount(rows);
      progress(done, total);
    }
    const bytes = sink.commit();
    const seconds = (performance.now() - start) / 1000;
    return {
      ...{ labels, kind, to, out, rows: total, classes: origin.classes },
      ...{ bytes, notes, seconds },
    };
  } finally {
    sink.discard();
  }
}

function columnsOf({ kind, origin }: LabelTable): Columns {
  if (kind === 'ledger') return ledgerColumns;
  return kind === 'kept' ? keptColumns(origin) : { ...labelColumns, ...probabilityColumns(origin) };
}

function emptyLabel(probabilities: number): ExportedLabel {
  return {
    ...{ id: '', index: 0, label: 0, confidence: 0, further: [], rest: undefined },
    classes: Int32Array.from({ length: probabilities }, (_, i) => i),
    probabilities: new Float32Array(probabilities),
  };
}

/** Puts a row into `label`. */
function fill(
  label: ExportedLabel,
  rows: Rows<Columns>,
  row: number,
  further: readonly string[],
  likeliest: boolean,
): void {
  // Values computed by other programs may lie below 0 by rounding.
  const number = (column: string): number => Math.max(0, Number(rows[column]?.[row]));
  label.id = String(rows['id']?.[row]);
  label.index = number('index');
  label.label = number('label');
  label.confidence = number('confidence');
  for (const [i, column] of further.entries()) label.further[i] = rows[column]?.[row] ?? '';
  for (let i = 0; i < label.probabilities.length; i++) {
    label.probabilities[i] = number(`p${i}`);
    if (likeliest) label.classes[i] = number(`c${i}`);
  }
  if (likeliest) label.rest = number('rest');
}

/** Text in the place of labels would lose them. */
function requireOtherFile(labels: string, out: string, to: string): void {
  if (resolve(labels) !== resolve(out) && extname(out).toLowerCase() !== '.parquet') return;
  throw new ConfigError(`${out} would be ${to} under the name of labels`, {
    code: 'export-out',
    where: out,
    hint: `choose another name for the file, such as labels.${to}`,
  });
}
