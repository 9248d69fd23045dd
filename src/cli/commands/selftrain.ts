import type { Argv } from 'yargs';
import type { SelfTrainingConfig } from '../../selftrain/loop/config.js';
import type { NetworkSummary, SelfTrainingSummary } from '../../selftrain/loop/summary.js';
import type { Stopped } from '../../selftrain/loop/selfTrain.js';
import { describeComparison, isBetter } from '../comparisonText.js';
import { atKeys } from '../atKeys.js';
import { defineCommand, type CommonArguments } from '../command.js';
import { library } from '../library.js';
import { commandLine } from '../commandLine.js';
import type { Report } from '../context.js';
import { exitCodes } from '../exitCodes.js';
import { deviceOf, flags, seedOf } from '../options.js';
import { settingsOf, textsOf } from '../settings.js';
import { noteSets } from '../progress.js';
import { formatClock, formatCount, formatTable, type Column } from '../table.js';
import { formatPercent, formatShareOf } from '../../support/statistics/share.js';

const loadSelfTrainingConfig = library(
  async () =>
    (await import('../../selftrain/loop/loadSelfTrainingConfig.js')).loadSelfTrainingConfig,
);
const selfTrain = library(
  async () => (await import('../../selftrain/loop/selfTrain.js')).selfTrain,
);

/** Options of the commands that work in the folder of a self-training. */
export const runOptions = (parser: Argv<CommonArguments>) =>
  parser
    .positional('config', {
      type: 'string',
      demandOption: true,
      describe: 'A config file, TypeScript or JSON',
    })
    .options({
      overwrite: {
        type: 'boolean',
        default: false,
        describe: 'Redo the stages whose config changed, and all after them',
      },
      out: {
        type: 'string',
        requiresArg: true,
        describe: 'Folder of the run (default: runs/NAME)',
      },
      'accept-data': flags.acceptData,
      'hash-data': flags.hashData,
      set: flags.set,
      seed: flags.seed,
      device: flags.device,
    });

/** The config of a command line, with what its flags change. */
export async function configOf(args: StoppedArguments) {
  const { config, folder, locate } = await loadSelfTrainingConfig(args.config, settingsOf(args));
  const changed: SelfTrainingConfig = {
    ...config,
    seed: seedOf(args.seed) ?? config.seed,
    device: deviceOf(args.device) ?? config.device,
  };
  return { config: changed, folder, locate };
}

export default defineCommand({
  usage: 'selftrain <config>',
  describe: 'Run a whole self-training: teacher, labels, student, and again',
  examples: [
    ['selftrain selftrain.config.ts', 'from the start, or from where it stopped'],
    ['selftrain selftrain.config.ts --set students.0.ratio=2', 'with another key'],
    ['selftrain selftrain.config.ts --seed 2 --out runs/digits-2', 'again, with another seed'],
    [
      'selftrain selftrain.config.ts --overwrite',
      'again from the first stage that the config changes',
    ],
  ],
  options: runOptions,
  async run(args, { progress, paint, interruptible }) {
    const { config, folder, locate } = await configOf(args);
    const opened = noteSets(progress);
    const result = await interruptible((signal) =>
      atKeys(
        locate,
        selfTrain(config, {
          configFolder: folder,
          overwrite: args.overwrite,
          acceptData: args.acceptData,
          hashData: args.hashData,
          out: args.out,
          signal,
          onSet: opened.onSet,
          onEvent: progress.onEvent,
        }),
      ),
    );
    progress.end();
    if ('networks' in result)
      return { json: { ...result, sets: opened.sets }, text: textOf(result, paint.green) };
    return stopped('selftrain', result, args);
  },
});

/** Report of an interrupted command, and how to continue it. */
export function stopped(command: string, result: Stopped, args: StoppedArguments): Report {
  const { config, out, seed, device } = args;
  const resume = commandLine(command, [config], { out, set: textsOf(args), seed, device });
  return {
    json: { ...result, resume },
    text: `stopped in ${result.stage}; finished work is kept in ${result.folder}\ncontinue with: ${resume}`,
    exitCode: exitCodes.interrupted,
  };
}

interface StoppedArguments {
  readonly config: string;
  readonly out?: string | undefined;
  readonly set?: string | readonly string[] | undefined;
  readonly seed?: string | undefined;
  readonly device?: string | undefined;
}

/** Columns of the table; of float16, if the loss was scaled too far, with the skipped steps. */
const columnsOf = (skips: boolean): Column[] => [
  { title: 'network' },
  { title: 'model' },
  { title: 'test accuracy', align: 'right' },
  { title: 'held out', align: 'right' },
  { title: 'labels kept', align: 'right' },
  { title: 'held-out precision', align: 'right' },
  { title: 'a class', align: 'right' },
  { title: 'steps', align: 'right' },
  ...(skips ? [{ title: 'skipped', align: 'right' } as const] : []),
  { title: 'time', align: 'right' },
];

function textOf(summary: SelfTrainingSummary, good: (text: string) => string): string {
  const { networks, comparisons, folder, seconds, chosenBy } = summary;
  const skips = networks.some(({ skipped = 0 }) => skipped > 0);
  const rows = networks.map((network) => rowOf(network, skips));
  const table = formatTable(columnsOf(skips), rows);
  return [
    table,
    '',
    ...comparisons.map((own) =>
      isBetter(own) ? good(describeComparison(own)) : describeComparison(own),
    ),
    `chosen: ${chosenBy}`,
    `${formatClock(seconds)}, all files are in ${folder}`,
  ].join('\n');
}

function rowOf(network: NetworkSummary, skips: boolean): string[] {
  const { name, model, test, labels, steps, skipped = 0, seconds } = network;
  return [
    name,
    model,
    formatShareOf(test.accuracy, test.images),
    formatHeldOut(network),
    labels ? `${formatCount(labels.kept)} of ${formatCount(labels.images)}` : '',
    // Of held-out images above the threshold; nobody knows it of the unlabelled ones.
    formatPrecision(labels),
    labels ? `${formatCount(labels.leastCopies)} to ${formatCount(labels.mostCopies)}` : '',
    formatCount(steps),
    ...(skips ? [formatCount(skipped)] : []),
    formatClock(seconds),
  ];
}

/** Accuracy on the held-out images, of which no checkpoint is better. */
function formatHeldOut({ validation, heldOut }: NetworkSummary): string {
  return formatShareOf(validation, heldOut.n);
}

/** Older runs do not tell of how many images it is. */
function formatPrecision(labels: NetworkSummary['labels']): string {
  if (!labels || labels.precision === null) return '';
  const { precision, n } = labels;
  return n === undefined ? formatPercent(precision) : formatShareOf(precision, n);
}
