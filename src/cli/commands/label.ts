import { inWords, type Naming } from '../../support/phrase.js';
import { agreementNote } from '../../training/labelling/agreementNote.js';
import { limits } from '../../support/limits.js';
import { inferencePrecisions } from '../../contract/precisions.js';
import { wholeNames } from '../../data/datasets/index.js';
import { defineCommand } from '../command.js';
import { library } from '../library.js';
import { exitCodes } from '../exitCodes.js';
import { noteReading, onnxFlags, onnxOptionsOf } from '../onnxFlags.js';
import { decimal, deviceOf, flags, oneOf, partOf, wholeNumber } from '../options.js';
import { noteDevice, noteSets, noteUnfinished } from '../progress.js';
import type { LabelRunSummary } from '../../selftrain/tasks/labelRun.js';
import { formatCount, formatUnreadable } from '../table.js';
import { accuracyLine, assumption } from '../auditText.js';
import { placesOf } from '../../runtime/storage/places.js';

const labelDataSet = library(
  async () => (await import('../../selftrain/tasks/labelRun.js')).labelDataSet,
);

const text = { type: 'string', requiresArg: true } as const;

export default defineCommand({
  usage: 'label <teacher>',
  describe: 'Pseudo-label images with a checkpoint or an .onnx classifier',
  examples: [
    ['label runs/digits --data photos --out labels', "a run's best; run it again to continue"],
    ['label teacher.onnx --data photos --out labels --shard 2/8', 'one part of eight'],
    ['label runs/digits --data photos --out labels --top-k 5 --temperature 0.5', ''],
  ],
  options: (parser) =>
    parser
      .positional('teacher', {
        type: 'string',
        demandOption: true,
        describe: 'Folder of a checkpoint or a run (its best checkpoint), or an .onnx file',
      })
      .options({
        data: {
          ...text,
          demandOption: true,
          describe: `The images: a folder, a .csv or .jsonl list, a split of gradus data, or ${wholeNames}`,
        },
        out: { ...text, demandOption: true, describe: 'Folder of the label shards' },
        shard: { ...text, describe: 'Make only one of several shards, such as 2/8' },
        shards: { ...text, describe: 'Number of shards (default: one per 20,000 images)' },
        'top-k': { ...text, describe: 'Probabilities to keep per image (default: all)' },
        temperature: { ...text, describe: 'Softmax temperature; below 1 sharpens (default: 1)' },
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
        overwrite: {
          type: 'boolean',
          default: false,
          describe: 'Replace labels by another teacher or for other images',
        },
        'accept-data': flags.acceptData,
        'hash-data': flags.hashData,
        device: flags.device,
        ...onnxFlags,
        model: flags.model,
        trust: flags.trust,
        precision: {
          ...text,
          choices: inferencePrecisions,
          describe: 'Number format on a GPU (default: float32)',
        },
      }),
  async run(args, { progress, interruptible, naming }) {
    const shard = partOf('--shard', args.shard);
    const opened = noteSets(progress);
    const summary = await interruptible((signal) =>
      labelDataSet(args.teacher, {
        data: args.data,
        out: args.out,
        shard: shard?.index,
        shards:
          shard?.of ?? wholeNumber('--shards', args.shards, { least: 1, most: limits.shards }),
        topK: wholeNumber('--top-k', args.topK, { least: 1, most: limits.classes }),
        temperature: decimal('--temperature', args.temperature, { least: 0 }),
        batch: wholeNumber('--batch', args.batch, { least: 1, most: limits.batch }),
        threads: wholeNumber('--threads', args.threads, { least: 1, most: limits.threads }),
        sessions: wholeNumber('--sessions', args.sessions, { least: 1, most: limits.sessions }),
        audit: args.audit,
        unreadable: wholeNumber('--unreadable', args.unreadable, { least: 0, most: limits.images }),
        classes: args.classes,
        overwrite: args.overwrite,
        ...{ acceptData: args.acceptData, hashData: args.hashData },
        device: deviceOf(args.device),
        precision: oneOf('--precision', args.precision, inferencePrecisions),
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
    return {
      json: { ...summary, sets: opened.sets },
      text: textOf(summary, naming),
      ...(summary.interrupted && { exitCode: exitCodes.interrupted }),
    };
  },
});

function textOf(summary: LabelRunSummary, naming: Naming): string {
  const { data, folder, shards, skipped, images, unreadable, interrupted } = summary;
  const { audit, lost, agreement, notes } = summary;
  const rate = images === 0 ? '' : `, ${summary.imagesPerSecond.toFixed(0)} images/s`;
  const parts = shards === 1 ? '1 shard' : `${shards} shards`;
  const before = skipped === 0 ? '' : `, ${skipped} of them made before`;
  const lines = [
    skipped === shards
      ? `labels of ${data}: all of ${parts} made before`
      : `${formatCount(images)} images of ${data} labelled${interrupted ? '' : ` in ${parts}${before}`}${rate}`,
  ];
  if (unreadable > 0) lines.push(formatUnreadable(unreadable, placesOf(folder).unreadable));
  lines.push(...notes.map((note) => `note: ${inWords(note, naming)}`));
  if (agreement) lines.push(agreementNote(agreement));
  if (audit) lines.push(accuracyLine(audit), assumption);
  else if (!interrupted)
    lines.push(
      lost === undefined
        ? 'not audited: pass labelled images with --audit SET to measure the labels'
        : `not audited with the held-out images of the teacher's run: ${lost}; pass labelled images with --audit SET to measure the labels`,
    );
  lines.push(nextOf(summary));
  return lines.join('\n');
}

function nextOf({ folder, missing, of, interrupted }: LabelRunSummary): string {
  if (interrupted)
    return `stopped; ${of - missing.length} of ${of} shards are finished and kept; run the same command again to continue`;
  if (missing.length === 0) return `next: gradus filter ${folder}`;
  const some = missing.slice(0, 10).join(', ');
  const more = missing.length > 10 ? ', ...' : '';
  return `${missing.length} of ${of} shards are missing: ${some}${more}; make them, then run gradus filter ${folder}`;
}
