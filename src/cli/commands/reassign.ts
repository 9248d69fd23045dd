import { inWords, type Naming } from '../../support/phrase.js';
import { auditedAbove } from '../../selftrain/labels/audit.js';
import { limits } from '../../support/limits.js';
import type { ReassignRunSummary } from '../../selftrain/tasks/reassignRun.js';
import { defineCommand } from '../command.js';
import { library } from '../library.js';
import { commandLine } from '../commandLine.js';
import { exitCodes } from '../exitCodes.js';
import { noteReading, onnxFlagNames, onnxFlags, onnxOptionsOf } from '../onnxFlags.js';
import { decimal, deviceOf, flags, wholeNumber } from '../options.js';
import { noteDevice, noteSets, noteUnfinished } from '../progress.js';
import { formatCount, formatTable } from '../table.js';
import { formatPercent, formatShareOf } from '../../support/statistics/share.js';
import { accuracyLine, assumption, matchedLines } from '../auditText.js';

const reassignDataSet = library(
  async () => (await import('../../selftrain/tasks/reassignRun.js')).reassignDataSet,
);

const text = { type: 'string', requiresArg: true } as const;

export default defineCommand({
  usage: 'reassign <kept>',
  describe: 'Relabel the kept images with a better teacher',
  examples: [
    [
      'reassign labels/kept.parquet --teacher runs/student --data photos --out again.parquet',
      'the same images and copies, labels by the student',
    ],
    [
      'reassign kept.parquet --teacher t.onnx --data images --out k.parquet --corrections c.csv',
      'with corrections of single images by a person',
    ],
  ],
  options: (parser) =>
    parser
      .positional('kept', {
        type: 'string',
        demandOption: true,
        describe: 'The file of kept labels that gradus filter wrote',
      })
      .options({
        teacher: {
          ...text,
          demandOption: true,
          describe: 'Folder of a checkpoint or a run (its best checkpoint), or an .onnx file',
        },
        data: {
          ...text,
          demandOption: true,
          describe: 'The images that were labelled, as with gradus label, or a superset',
        },
        out: { ...text, demandOption: true, describe: 'The file for the new labels' },
        'top-k': { ...text, describe: 'Probabilities to keep per image (default: as in KEPT)' },
        temperature: { ...text, describe: 'Softmax temperature (default: that of KEPT)' },
        batch: { ...text, describe: 'Images at a time (default: 32)' },
        threads: { ...text, describe: 'Threads per operator' },
        sessions: {
          ...text,
          describe: 'Single-threaded sessions that share the batches (default: 1)',
        },
        audit: {
          ...text,
          describe:
            "Labelled images that audit the teacher, or none (default: its run's held-out images)",
        },
        unreadable: { ...text, describe: 'Maximum number of unreadable images (default: 100)' },
        classes: flags.teacherClasses,
        corrections: { ...text, describe: 'A CSV with the columns image and class' },
        generation: { ...text, describe: 'Number of the generation (default: that of KEPT)' },
        'allow-empty': {
          type: 'boolean',
          default: false,
          describe: 'Continue if a class has no images left',
        },
        overwrite: {
          type: 'boolean',
          default: false,
          describe: 'Replace a file of other labels',
        },
        'accept-data': flags.acceptData,
        'hash-data': flags.hashData,
        device: flags.device,
        ...onnxFlags,
        model: flags.model,
        trust: flags.trust,
      }),
  async run(args, { progress, interruptible, naming }) {
    const opened = noteSets(progress);
    const summary = await interruptible((signal) =>
      reassignDataSet(args.kept, {
        teacher: args.teacher,
        data: args.data,
        out: args.out,
        topK: wholeNumber('--top-k', args.topK, { least: 1, most: limits.classes }),
        temperature: decimal('--temperature', args.temperature, { least: 0 }),
        batch: wholeNumber('--batch', args.batch, { least: 1, most: limits.batch }),
        threads: wholeNumber('--threads', args.threads, { least: 1, most: limits.threads }),
        sessions: wholeNumber('--sessions', args.sessions, { least: 1, most: limits.sessions }),
        audit: args.audit,
        unreadable: wholeNumber('--unreadable', args.unreadable, { least: 0, most: limits.images }),
        classes: args.classes,
        corrections: args.corrections,
        generation: wholeNumber('--generation', args.generation, {
          least: 0,
          most: limits.generation,
        }),
        allowEmpty: args.allowEmpty,
        overwrite: args.overwrite,
        ...{ acceptData: args.acceptData, hashData: args.hashData },
        device: deviceOf(args.device),
        signal,
        onnx: onnxOptionsOf(args),
        model: args.model,
        trust: args.trust,
        onDevice: noteDevice(progress),
        onNote: (text) => {
          progress.note(text);
        },
        onUnfinished: noteUnfinished(progress),
        onReading: noteReading(progress),
        onSet: opened.onSet,
        onEvent: progress.onEvent,
      }),
    );
    progress.end();
    for (const warning of summary.warnings) progress.note(`warning: ${warning}`);
    if (!summary.interrupted)
      return { json: { ...summary, sets: opened.sets }, text: textOf(summary, naming) };
    const resume = resumeOf(args);
    return {
      json: { ...summary, sets: opened.sets, resume },
      text: `stopped; finished shards are kept\ncontinue with: ${resume}`,
      exitCode: exitCodes.interrupted,
    };
  },
});

/** The flags of a command line that say what is labelled, and how. */
const resumed = [
  ...(['teacher', 'data', 'out', 'top-k', 'temperature', 'batch', 'threads', 'sessions'] as const),
  ...(['audit', 'unreadable', 'classes', 'corrections', 'generation', 'device'] as const),
  ...(['allow-empty', 'overwrite', 'accept-data', 'hash-data', 'model', 'trust'] as const),
  ...onnxFlagNames,
];

type Resumed = (typeof resumed)[number];

function resumeOf(
  args: { readonly kept: string } & Readonly<Record<Resumed, string | boolean | undefined>>,
): string {
  const flagged = resumed.map((flag) => [flag, args[flag]] as const);
  return commandLine('reassign', [args.kept], Object.fromEntries(flagged));
}

function textOf(summary: ReassignRunSummary, naming: Naming): string {
  const { images, copies, out, teacher, chosenBy, audit, lost, ledger, histograms } = summary;
  const lines = [tableOf(summary), ''];
  lines.push(
    summary.skipped
      ? `${out} already exists, made from the same inputs`
      : `${formatCount(images)} images labelled by ${teacher.name}, selected by ${chosenBy.name}` +
          (copies === images ? '' : `; ${formatCount(copies)} with copies`),
    ...changesOf(summary),
  );
  lines.push(...summary.notes.map((note) => `note: ${inWords(note, naming)}`));
  if (audit) lines.push(accuracyLine(audit), ...matchedLines(audit), assumption);
  else if (lost !== undefined)
    lines.push(`not audited with the held-out images of the teacher's run: ${lost}`);
  return [...lines, `${out} (ledger ${ledger}, histograms ${histograms})`].join('\n');
}

function changesOf({ images, changed, ...summary }: ReassignRunSummary): string[] {
  const { corrected, rejected, unreadable } = summary;
  const lines: string[] = [];
  if (changed !== null)
    lines.push(`${formatCount(changed)} changed class (${formatPercent(changed / images)})`);
  if (corrected > 0) lines.push(`${formatCount(corrected)} have a class corrected by a person`);
  if (rejected > 0) lines.push(`${formatCount(rejected)} are left out: dropped by a person`);
  if (unreadable > 0)
    lines.push(`${formatCount(unreadable)} are left out: they can no longer be read`);
  return lines;
}

function tableOf({ classes, images, copies, audit }: ReassignRunSummary): string {
  const rows = classes.map((own, i) => {
    const measured = audit?.classes[i];
    return [
      own.name,
      formatCount(own.kept),
      formatCount(own.copies),
      ...(measured ? [formatShareOf(measured.precision, measured.predicted)] : []),
    ];
  });
  const titles = ['images', 'copies', ...(audit ? ['precision'] : [])];
  const total = ['total', formatCount(images), formatCount(copies)];
  if (audit) total.push(formatShareOf(audit.precision, auditedAbove(audit)));
  return formatTable(
    [{ title: 'class' }, ...titles.map((title) => ({ title, align: 'right' as const }))],
    [...rows, total],
    1,
  );
}
