import type { LabelDiff } from '../../selftrain/review/diff.js';
import type { GallerySummary } from '../../selftrain/review/gallery.js';
import { defineCommand, defineGroup } from '../command.js';
import { library } from '../library.js';
import { flags, seedOf, wholeNumber } from '../options.js';
import exportLabels from './labelsExport.js';
import { noteSets } from '../progress.js';
import { formatBytes, formatCount, formatTable } from '../table.js';
import { formatPercent } from '../../support/statistics/share.js';

const diffLabels = library(async () => (await import('../../selftrain/review/diff.js')).diffLabels);
const showLabels = library(
  async () => (await import('../../selftrain/review/gallery.js')).showLabels,
);

const text = { type: 'string', requiresArg: true } as const;

/** Longer tables show the most frequent moves; --json has all. */
const mostMoves = 20;

const diff = defineCommand({
  usage: 'diff <a> <b>',
  describe: 'Show which images changed class between two generations',
  examples: [
    ['labels diff teacher/labels student-1/labels', 'two folders that gradus label made'],
    ['labels diff a/kept.parquet b/ledger.parquet', 'files that gradus filter wrote'],
    ['labels diff a b --top 50 --csv changes.csv', 'and every change in a file'],
  ],
  options: (parser) =>
    parser
      .positional('a', {
        type: 'string',
        demandOption: true,
        describe: 'A folder of labels, a file of kept labels or a ledger',
      })
      .positional('b', {
        type: 'string',
        demandOption: true,
        describe: 'The same, by another teacher',
      })
      .options({
        top: { ...text, describe: 'Number of the most confident changes to show (default: 10)' },
        csv: { ...text, describe: 'A CSV file for every change' },
        classes: flags.labelClasses,
      }),
  async run(args, { progress }) {
    const summary = await diffLabels(args.a, args.b, {
      top: wholeNumber('--top', args.top, { least: 0, most: 10_000 }),
      csv: args.csv,
      classes: args.classes,
      onEvent: progress.onEvent,
    });
    progress.end();
    for (const note of summary.notes) progress.note(note);
    return { json: summary, text: textOf(summary) };
  },
});

function textOf(summary: LabelDiff): string {
  const { compared, changed, share, csv, moves, surest } = summary;
  const sections = [sidesOf(summary)];
  sections.push(
    `${formatCount(changed)} of ${formatCount(compared)} images changed class (${formatPercent(share)})`,
  );
  if (moves.length > 0) sections.push(classesOf(summary), movesOf(summary));
  if (surest.length > 0) sections.push(`the most confident changes\n${surestOf(summary)}`);
  if (csv !== null) sections.push(`all ${formatCount(changed)} changes: ${csv}`);
  return sections.join('\n\n');
}

function sidesOf({ before, after }: LabelDiff): string {
  const rows = [before, after].map(({ path, teacher, images, alone, ...means }) => [
    path,
    teacher.name,
    formatCount(images),
    formatCount(alone),
    means.meanConfidence.toFixed(4),
    means.meanConfidenceOfChanged?.toFixed(4) ?? '',
  ]);
  return formatTable(
    [
      { title: 'labels' },
      { title: 'teacher' },
      ...['images', 'only here', 'mean confidence', 'of changes'].map(rightAligned),
    ],
    rows,
  );
}

function classesOf({ classes }: LabelDiff): string {
  const rows = classes
    .filter(({ left, joined }) => left + joined > 0)
    .toSorted((a, b) => b.left + b.joined - a.left - a.joined)
    .slice(0, mostMoves)
    .map(({ name, ...counts }) => [
      name,
      ...[counts.before, counts.after, counts.left, counts.joined].map(formatCount),
    ]);
  return formatTable(
    [{ title: 'class' }, ...['before', 'after', 'left', 'joined'].map(rightAligned)],
    rows,
  );
}

function movesOf({ moves }: LabelDiff): string {
  const rows = moves
    .slice(0, mostMoves)
    .map(({ from, to, images, confidenceBefore, confidenceAfter }) => [
      from,
      to,
      formatCount(images),
      confidenceBefore.toFixed(3),
      confidenceAfter.toFixed(3),
    ]);
  if (moves.length > mostMoves) rows.push([`... ${moves.length - mostMoves} more`]);
  return formatTable(
    [
      { title: 'from' },
      { title: 'to' },
      ...['images', 'confidence before', 'after'].map(rightAligned),
    ],
    rows,
  );
}

function surestOf({ surest }: LabelDiff): string {
  return formatTable(
    [
      { title: 'image' },
      { title: 'before' },
      rightAligned('confidence'),
      { title: 'after' },
      rightAligned('confidence'),
    ],
    surest.map(({ id, before, after, confidenceBefore, confidenceAfter }) => [
      id,
      before,
      confidenceBefore.toFixed(3),
      after,
      confidenceAfter.toFixed(3),
    ]),
  );
}

const gallery = defineCommand({
  usage: 'gallery <labels>',
  describe: 'Show labels in one HTML file, to examine and correct',
  examples: [
    ['labels gallery labels --data photos --out gallery.html', 'the most and the least confident'],
    [
      'labels gallery labels --data images --out g.html --against other/labels',
      'and where two teachers disagree',
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
        data: {
          ...text,
          demandOption: true,
          describe: 'The images that were labelled, as with gradus label',
        },
        out: { ...text, demandOption: true, describe: 'The HTML file' },
        against: { ...text, describe: 'Labels by another teacher: show where they disagree' },
        classes: flags.labelClasses,
        'per-class': {
          ...text,
          describe: 'Images in each list of a class (default: 12, fewer for very many classes)',
        },
        disagreements: { ...text, describe: 'Maximum number of disagreements (default: 48)' },
        corrections: {
          ...text,
          describe: 'Corrections so far, a CSV; their images are not shown again',
        },
        'audit-sample': {
          ...text,
          describe: 'Number of kept labels to draw at random, to be marked right or wrong',
        },
        seed: { ...flags.seed, describe: 'Seed of the random sample (default: 1)' },
        template: {
          ...text,
          describe: 'A CSV file with a line for each image shown, to be filled in',
        },
      }),
  async run(args, { progress }) {
    const most = { least: 1, most: 10_000 };
    const opened = noteSets(progress);
    const summary = await showLabels(args.labels, {
      data: args.data,
      out: args.out,
      against: args.against,
      classes: args.classes,
      perClass: wholeNumber('--per-class', args.perClass, most),
      disagreements: wholeNumber('--disagreements', args.disagreements, most),
      corrections: args.corrections,
      auditSample: wholeNumber('--audit-sample', args.auditSample, most),
      seed: seedOf(args.seed),
      template: args.template,
      onSet: opened.onSet,
      onEvent: progress.onEvent,
    });
    progress.end();
    for (const note of summary.notes) progress.note(note);
    return { json: { ...summary, sets: opened.sets }, text: describeGallery(summary) };
  },
});

function describeGallery(summary: GallerySummary): string {
  const { out, bytes, images, missing, shownClasses, classes, disagreements, template, sample } =
    summary;
  const some = shownClasses === classes ? `${classes}` : `${shownClasses} of ${classes}`;
  const lines = [`${out}: ${formatCount(images)} images of ${some} classes, ${formatBytes(bytes)}`];
  if (disagreements !== null)
    lines.push(`${formatCount(disagreements)} images have another label by the other teacher`);
  if (sample !== null) lines.push(...describeSample(sample));
  if (missing > 0) lines.push(`${formatCount(missing)} of the images have no picture`);
  if (template !== null)
    lines.push(
      `${template}: replace each ? by a class, or by nothing if the image belongs to none`,
    );
  return lines.join('\n');
}

function describeSample({ images, unmarked, of }: NonNullable<GallerySummary['sample']>): string[] {
  const left = unmarked === images ? '' : `, ${formatCount(unmarked)} of them not marked yet`;
  return [
    `a random sample of ${formatCount(images)} of ${formatCount(of)} labels${left}: mark each as right or wrong, ` +
      'then pass the corrections to gradus filter',
  ];
}

function rightAligned(title: string) {
  return { title, align: 'right' } as const;
}

export default defineGroup({
  name: 'labels',
  describe: 'Compare pseudo-labels, show them, and write them for other programs',
  examples: [
    ['labels diff teacher/labels student-1/labels', 'compared with another teacher'],
    ['labels gallery labels --data photos --out gallery.html', 'pictures, to look at and correct'],
    ['labels export labels/kept.parquet --to csv --out kept.csv', 'for a spreadsheet'],
  ],
  commands: [diff, gallery, exportLabels],
});
