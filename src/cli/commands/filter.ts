import { inWords } from '../../support/phrase.js';
import { dirname } from 'node:path';
import { classCaps } from '../../contract/choices.js';
import { limits } from '../../support/limits.js';
import { auditedAbove, type AuditResult } from '../../selftrain/labels/audit.js';
import type { FilterSummary } from '../../selftrain/choose/filter.js';
import { defineCommand } from '../command.js';
import { library } from '../library.js';
import { decimal, flags, oneOf, seedOf, wholeNumber } from '../options.js';
import { formatCount, formatTable } from '../table.js';
import { formatPercent, formatShareOf } from '../../support/statistics/share.js';
import { accuracyLine, precisionLines, sampleLines } from '../auditText.js';
import { placesOf } from '../../runtime/storage/places.js';

const filterLabels = library(
  async () => (await import('../../selftrain/choose/filter.js')).filterLabels,
);

const text = { type: 'string', requiresArg: true } as const;

/** Longer tables show the classes with the fewest and the most kept images; --json has all. */
const mostRows = 60;

export default defineCommand({
  usage: 'filter <labels>',
  describe: 'Select the pseudo-labels that a student learns from',
  examples: [
    ['filter labels', 'all above a confidence of 0.3, into labels/kept.parquet'],
    [
      'filter labels --per-class 1000',
      'the best 1,000 of each class, with copies if there are fewer',
    ],
    ['filter labels --corrections corrections.csv --strict', ''],
  ],
  options: (parser) =>
    parser
      .positional('labels', {
        type: 'string',
        demandOption: true,
        describe: 'The folder that gradus label made',
      })
      .options({
        out: { ...text, describe: 'The file to write (default: kept.parquet beside the labels)' },
        threshold: { ...text, describe: 'Smallest confidence to keep (default: 0.3)' },
        'per-class': { ...text, describe: 'Images per class, copies included' },
        cap: {
          ...text,
          choices: classCaps,
          describe:
            'Cut a class to its best images (exact), or by thresholds of 0.01 and at random (grid)',
        },
        'max-copies': { ...text, describe: 'Maximum copies of an image; 1 for none' },
        corrections: { ...text, describe: 'A CSV with the columns image and class' },
        classes: flags.labelClasses,
        'allow-empty': {
          type: 'boolean',
          default: false,
          describe: 'Continue if no image of a class is kept',
        },
        previous: { ...text, describe: 'Kept labels of the generation before, to compare with' },
        strict: { type: 'boolean', default: false, describe: 'Stop if the audit warns' },
        generation: { ...text, describe: 'Number of the generation, for the ledger (default: 1)' },
        seed: flags.seed,
      }),
  async run(args, { progress, naming }) {
    // Ctrl-C ends the process at once, as by default: files appear whole or not at all.
    const summary = await filterLabels(args.labels, {
      out: args.out ?? keptBeside(args.labels),
      threshold: decimal('--threshold', args.threshold, { least: 0, most: 1 }),
      perClass: wholeNumber('--per-class', args.perClass, { least: 1, most: limits.images }),
      cap: oneOf('--cap', args.cap, classCaps),
      maxCopies: decimal('--max-copies', args.maxCopies, { least: 1, most: limits.copies }),
      corrections: args.corrections,
      classes: args.classes,
      allowEmpty: args.allowEmpty,
      previous: args.previous,
      strict: args.strict,
      generation: wholeNumber('--generation', args.generation, {
        least: 0,
        most: limits.generation,
      }),
      seed: seedOf(args.seed),
      onEvent: progress.onEvent,
    });
    progress.end();
    for (const warning of summary.warnings) progress.note(`warning: ${inWords(warning, naming)}`);
    return { json: summary, text: textOf(summary) };
  },
});

/** Beside the labels, which are a folder or a file of another program. */
function keptBeside(labels: string): string {
  return placesOf(labels.endsWith('.parquet') ? dirname(labels) : labels).kept;
}

function textOf(summary: FilterSummary): string {
  const { images, kept, copies, corrected, rejected, audit, sample, out, ledger, histograms } =
    summary;
  const files = `${out} (ledger ${ledger}, histograms ${histograms})`;
  const again = copies === kept ? '' : `, ${formatCount(copies)} with copies`;
  const share = formatPercent(kept / images);
  const lines = [
    tableOf(summary),
    '',
    `${formatCount(kept)} of ${formatCount(images)} images kept (${share})${again}`,
  ];
  if (corrected + rejected > 0)
    lines.push(
      `a person corrected the class of ${formatCount(corrected)} ${corrected === 1 ? 'image' : 'images'} and dropped ${formatCount(rejected)}`,
    );
  if (audit) lines.push(...precisionLines(audit), accuracyLine(audit));
  lines.push(...sampleLines(sample));
  return [...lines, files].join('\n');
}

function tableOf({ classes, audit, images, kept, copies }: FilterSummary): string {
  const rows = classes.map((own, i) => [
    own.name,
    formatCount(own.images),
    formatCount(own.eligible),
    own.threshold.toFixed(3),
    formatCount(own.kept),
    formatCount(own.copies),
    Number.isNaN(own.meanConfidence) ? '' : own.meanConfidence.toFixed(3),
    ...(audit ? [precisionOf(audit.classes[i])] : []),
  ]);
  const eligible = classes.reduce((sum, own) => sum + own.eligible, 0);
  const total = ['total', images, eligible, '', kept, copies, ''].map((cell) =>
    typeof cell === 'number' ? formatCount(cell) : cell,
  );
  if (audit) total.push(formatShareOf(audit.precision, auditedAbove(audit)));
  const right = [
    'labels',
    'above',
    'threshold',
    'kept',
    'copies',
    'mean',
    ...(audit ? ['precision'] : []),
  ];
  const columns = [
    { title: 'class' },
    ...right.map((title) => ({ title, align: 'right' as const })),
  ];
  return formatTable(columns, [...shortened(rows, classes), total], 1);
}

/** Rows of the classes that keep the fewest and the most, if there are very many. */
function shortened(rows: string[][], classes: FilterSummary['classes']): string[][] {
  if (rows.length <= mostRows) return rows;
  const order = [...rows.keys()].sort(
    (a, b) => (classes[a]?.kept ?? 0) - (classes[b]?.kept ?? 0) || a - b,
  );
  const pick = (part: readonly number[]): string[][] => part.map((i) => rows[i] ?? []);
  const hidden = rows.length - mostRows;
  return [
    ...pick(order.slice(0, mostRows / 2)),
    [`... ${hidden} classes between`],
    ...pick(order.slice(-mostRows / 2)),
  ];
}

/** With its n and interval; empty if no audited image was labelled as the class. */
function precisionOf(own: AuditResult['classes'][number] | undefined): string {
  return own ? formatShareOf(own.precision, own.predicted) : '';
}
