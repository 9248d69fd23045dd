import type { TrainingConfig } from '../../training/config/config.js';
import { ConfigError } from '../../support/errors.js';
import { atKeys } from '../atKeys.js';
import { defineCommand } from '../command.js';
import { library } from '../library.js';
import { commandLine } from '../commandLine.js';
import { exitCodes } from '../exitCodes.js';
import { deviceOf, flags, seedOf } from '../options.js';
import { settingsOf, textsOf } from '../settings.js';
import type { TrainResult } from '../../training/run/trainFromConfig.js';
import type { StatedResult } from '../../training/run/judgeRun.js';
import { noteSets } from '../progress.js';
import { formatClock, formatTable } from '../table.js';
import { formatPercent, formatShare } from '../../support/statistics/share.js';

const loadTrainingConfig = library(
  async () => (await import('../../training/config/loadTrainingConfig.js')).loadTrainingConfig,
);
const trainFromConfig = library(
  async () => (await import('../../training/run/trainFromConfig.js')).trainFromConfig,
);

export default defineCommand({
  usage: 'train <config>',
  describe: 'Train one network by a config',
  examples: [
    ['train training.config.ts', 'from the start'],
    ['train training.config.ts --resume', 'from where it stopped, bit for bit'],
    ['train training.config.ts --set batch=32 --set noise.cutout=8', 'with other keys'],
    ['train training.config.ts --seed 2 --out runs/digits-2', 'again, with another seed'],
  ],
  options: (parser) =>
    parser
      .positional('config', {
        type: 'string',
        demandOption: true,
        describe: 'A config file, TypeScript or JSON',
      })
      .options({
        resume: {
          type: 'boolean',
          default: false,
          describe: "Continue from the run's last checkpoint",
        },
        overwrite: {
          type: 'boolean',
          default: false,
          describe: 'Delete the run in this folder and start over',
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
      }),
  async run(args, { progress, interruptible }) {
    if (args.resume && args.overwrite)
      throw new ConfigError('--resume and --overwrite exclude each other', {
        code: 'usage',
        where: '--overwrite',
        hint: 'pass one of them',
      });
    const { config, folder, locate } = await loadTrainingConfig(args.config, settingsOf(args));
    const changed: TrainingConfig = {
      ...config,
      seed: seedOf(args.seed) ?? config.seed,
      device: deviceOf(args.device) ?? config.device,
    };
    const opened = noteSets(progress);
    const summary = await interruptible((signal) =>
      atKeys(
        locate,
        trainFromConfig(changed, {
          configFolder: folder,
          resume: args.resume,
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
    if (!summary.interrupted)
      return { json: { ...summary, sets: opened.sets }, text: textOf(summary) };
    const { out, seed, device } = args;
    const set = textsOf(args);
    const resume = commandLine('train', [args.config], { out, set, seed, device, resume: true });
    return {
      json: { ...summary, sets: opened.sets, resume },
      text: `stopped after step ${(summary.fixed ?? summary).step}; checkpoint ${summary.checkpoint}\nresume with: ${resume}`,
      exitCode: exitCodes.interrupted,
    };
  },
});

function textOf(summary: TrainResult): string {
  const { fixed, test, stoppedEarly } = summary;
  const rows = [...validationRows(summary), ...(fixed ? validationRows(fixed, 'fixed, ') : [])];
  const { chosen } = fixed ?? summary;
  if (test) rows.push([`${fixed ? 'fixed, ' : ''}${nameOf(chosen)}`, 'test', ...figures(test)]);
  const columns = [
    { title: 'weights' },
    { title: 'images of' },
    { title: 'accuracy', align: 'right' },
    { title: 'loss', align: 'right' },
    { title: 'images', align: 'right' },
  ] as const;
  const end = `${stoppedEarly ? 'stopped early after step' : 'step'} ${summary.step}`;
  const slow =
    summary.waiting > 0.02 ? `, waited ${formatPercent(summary.waiting)} for images` : '';
  const { skipped } = summary;
  const lost = skipped === undefined ? '' : `, skipped: ${skipped}`;
  const done = `${summary.name}: ${end}${lost}, ${formatClock(summary.seconds)}${slow} in ${summary.folder}`;
  const read = test
    ? [`the test set was read ${times(test.readings)}, with the selected weights`]
    : [];
  const text = [done, ...read].join('\n');
  return rows.length === 0 ? text : `${formatTable(columns, rows)}\n\n${text}`;
}

/** Figures of the best weights on the held-out images and, if they are chosen, of the last. */
function validationRows(
  { best, chosen }: Pick<TrainResult, 'best' | 'chosen'>,
  phase = '',
): string[][] {
  const rows: string[][] = [];
  const add = (name: string, result: StatedResult): void => {
    rows.push([`${phase}${name}`, 'validation', ...figures(result)]);
  };
  if (best) add(nameOf({ rule: 'best', step: best.step }), best);
  if (chosen.rule === 'last' && chosen.validation) add(nameOf(chosen), chosen.validation);
  return rows;
}

function nameOf({ rule, step }: Pick<TrainResult['chosen'], 'rule' | 'step'>): string {
  return `${rule}, step ${step}`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times (the run was extended)`;
}

function figures({ accuracy, loss, images }: StatedResult): string[] {
  return [
    formatShare(accuracy, images),
    Number.isFinite(loss) ? loss.toFixed(4) : '',
    String(images),
  ];
}
