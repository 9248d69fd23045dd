import type { ExportLabelsSummary } from '../../selftrain/review/exportLabels.js';
import { exportTargetNames, exportTargets } from '../../selftrain/review/labelExport/index.js';
import { defineCommand } from '../command.js';
import { library } from '../library.js';
import { flags, oneOf } from '../options.js';
import { formatBytes, formatCount } from '../table.js';

const exportLabels = library(
  async () => (await import('../../selftrain/review/exportLabels.js')).exportLabels,
);

const text = { type: 'string', requiresArg: true } as const;

const kinds = {
  labels: 'labels',
  kept: 'kept labels',
  ledger: 'labels of a ledger',
} as const satisfies Record<ExportLabelsSummary['kind'], string>;

/** `csv (a line for each label), ...` */
const targets = exportTargetNames
  .map((name) => `${name}: ${exportTargets[name].describe}`)
  .join('; ');

export default defineCommand({
  usage: 'export <labels>',
  describe: 'Write labels as CSV or JSON lines, for other programs',
  examples: [
    ['labels export labels --to csv --out labels.csv', 'all shards as one file'],
    [
      'labels export labels/kept.parquet --to jsonl --out kept.jsonl',
      'the labels that gradus filter kept',
    ],
  ],
  options: (parser) =>
    parser
      .positional('labels', {
        type: 'string',
        demandOption: true,
        describe: 'A folder of labels, a file of kept labels or a ledger',
      })
      .options({
        to: { ...text, demandOption: true, choices: exportTargetNames, describe: targets },
        out: { ...text, demandOption: true, describe: 'The file to write' },
        classes: flags.labelClasses,
      }),
  async run(args, { progress }) {
    const summary = await exportLabels(args.labels, {
      to: oneOf('--to', args.to, exportTargetNames) ?? 'csv',
      out: args.out,
      classes: args.classes,
      onEvent: progress.onEvent,
    });
    progress.end();
    for (const note of summary.notes) progress.note(note);
    return { json: summary, text: textOf(summary) };
  },
});

function textOf({ out, rows, kind, classes, bytes }: ExportLabelsSummary): string {
  return `${out}: ${formatCount(rows)} ${kinds[kind]} of ${formatCount(classes.length)} classes, ${formatBytes(bytes)}`;
}
