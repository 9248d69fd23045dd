import type { ChangedRule, TuneResult } from '../../tools/measure/tune/tuneModel.js';
import { limits } from '../../support/limits.js';
import { defineCommand } from '../command.js';
import { library } from '../library.js';
import { flags, modelPositional, wholeNumber } from '../options.js';
import { formatCount, formatTable } from '../table.js';

const tuneModel = library(
  async () => (await import('../../tools/measure/tune/tuneModel.js')).tuneModel,
);

/** Rows of the table that people read; --json has all. */
const shownChanges = 15;

/** Load a core from which on others' work disturbs what is timed. */
const busy = 1.2;

const text = { type: 'string', requiresArg: true } as const;

export default defineCommand({
  usage: 'tune <model>',
  describe: "Time a model's lowerings on this machine once, and choose by these times from then on",
  examples: [
    ['tune digits.model.ts --batch 64', 'for training steps of 64 images'],
    ['tune efficientnet_b0 --batch 8 --again', 'time nodes again that were timed before'],
  ],
  options: (parser) =>
    parser.positional('model', modelPositional).options({
      batch: { ...text, describe: 'Images per training step (default: 32)' },
      size: flags.size,
      classes: flags.classes,
      threads: { ...text, describe: 'Threads per operator in training' },
      again: { type: 'boolean', describe: 'Time nodes again that were timed before' },
    }),
  async run(args, { progress, interruptible }) {
    const result = await interruptible((signal) =>
      tuneModel(args.model, {
        batch: wholeNumber('--batch', args.batch, { least: 1, most: limits.batch }),
        size: wholeNumber('--size', args.size, { least: 1, most: limits.size }),
        classes: wholeNumber('--classes', args.classes, { least: 2, most: limits.classes }),
        threads: wholeNumber('--threads', args.threads, { least: 1, most: limits.threads }),
        again: args.again,
        signal,
        onEvent: progress.onEvent,
      }),
    );
    progress.end();
    return { json: result, text: textOf(result) };
  },
});

function textOf(result: TuneResult): string {
  const { name, batch, image, timed, known, seconds, path, kept, hash, changed } = result;
  const before = known === 0 ? '' : `, ${formatCount(known)} had been timed before`;
  const where = kept ? `in ${path}` : 'discarded';
  return [
    `${name}, training steps of ${batch} images [${image.join(',')}]`,
    `timed ${formatCount(timed)} kinds of nodes and conversions in ${seconds.toFixed(0)} s${before}`,
    ...(changed.length === 0 ? [] : ['', tableOf(changed), '']),
    stepOf(result),
    ...(timed === 0
      ? []
      : [`the times are ${where}${kept && hash ? `, table ${hash.slice(0, 8)}` : ''}`]),
    ...(isBusy(result) ? [busyNote(result)] : []),
  ].join('\n');
}

function stepOf({ step, kept }: TuneResult): string {
  if (step === null) return 'every node is lowered as before';
  const { before, after } = step;
  const times = `a step takes ${after} ms, ${before} ms before`;
  return kept ? times : `${times}: the lowerings stay as they were`;
}

const isBusy = ({ load, cores }: TuneResult): boolean => load > busy * cores;

function busyNote({ load, cores }: TuneResult): string {
  return `warning: other programs were running (load ${load} on ${cores} cores), so the times are unreliable; tune with --again when the machine is idle`;
}

function tableOf(changed: readonly ChangedRule[]): string {
  const rows = changed
    .slice(0, shownChanges)
    .map(({ work, nodes, before, after, microseconds: [old, now] }) => [
      work.replace(/ \{.*/, '').replaceAll('float32', ''),
      String(nodes),
      before,
      old === null ? '?' : String(old),
      after,
      now === null ? '?' : String(now),
    ]);
  const more = changed.length - shownChanges;
  if (more > 0) rows.push([`${more} more`, '', '', '', '', '']);
  const columns = [
    { title: 'node' },
    { title: 'nodes', align: 'right' },
    { title: 'before' },
    { title: 'µs', align: 'right' },
    { title: 'now' },
    { title: 'µs', align: 'right' },
  ] as const;
  return formatTable(columns, rows);
}
