import { ConfigError } from '../../support/errors.js';
import { limits } from '../../support/limits.js';
import type { FoundLearningRate } from '../../training/run/findLearningRate.js';
import { atKeys } from '../atKeys.js';
import { defineCommand } from '../command.js';
import { library } from '../library.js';
import { decimal, deviceOf, flags, seedOf, wholeNumber } from '../options.js';
import { noteSets } from '../progress.js';
import { settingsOf } from '../settings.js';

const loadTrainingConfig = library(
  async () => (await import('../../training/config/loadTrainingConfig.js')).loadTrainingConfig,
);
const findLearningRate = library(
  async () => (await import('../../training/run/findLearningRate.js')).findLearningRate,
);

const text = { type: 'string', requiresArg: true } as const;

export default defineCommand({
  usage: 'lr-find <config>',
  describe: 'Find a learning rate: train one pass with a growing rate, draw the loss over it',
  examples: [
    ['lr-find training.config.ts', 'a number, and a picture NAME.lr-find.svg'],
    ['lr-find training.config.ts --steps 300 --highest 1', '300 steps, up to a rate of 1'],
  ],
  options: (parser) =>
    parser
      .positional('config', {
        type: 'string',
        demandOption: true,
        describe: 'A config file, TypeScript or JSON',
      })
      .options({
        steps: { ...text, describe: 'Number of steps (default: one pass, and 100 at least)' },
        lowest: { ...text, describe: 'First learning rate (default: 1e-7)' },
        highest: { ...text, describe: 'Last learning rate (default: 10)' },
        out: { ...text, describe: 'File of the picture (default: NAME.lr-find.svg)' },
        set: flags.set,
        seed: flags.seed,
        device: flags.device,
      }),
  async run(args, { progress, interruptible }) {
    const rates = { least: 0, most: limits.float32 };
    const request = {
      steps: wholeNumber('--steps', args.steps, { least: 1, most: limits.steps }),
      lowest: decimal('--lowest', args.lowest, rates),
      highest: decimal('--highest', args.highest, rates),
    };
    const { config, folder, locate } = await loadTrainingConfig(args.config, settingsOf(args));
    const changed = {
      ...config,
      seed: seedOf(args.seed) ?? config.seed,
      device: deviceOf(args.device) ?? config.device,
    };
    const { out = `${config.name}.lr-find.svg` } = args;
    if (!out.endsWith('.svg'))
      throw new ConfigError(`the picture is an SVG, and ${out} is named otherwise`, {
        code: 'usage',
        where: '--out',
        hint: 'give a name that ends in .svg',
      });
    const opened = noteSets(progress);
    const found = await interruptible((signal) =>
      atKeys(
        locate,
        findLearningRate(changed, {
          ...request,
          ...{ configFolder: folder, out, signal },
          onSet: opened.onSet,
          onEvent: progress.onEvent,
        }),
      ),
    );
    progress.end();
    return { json: { ...found, sets: opened.sets }, text: textOf(found) };
  },
});

function textOf({ suggestion, atLowestLoss, diverged, steps, picture }: FoundLearningRate): string {
  const rate = (value: number): string => String(Number(value.toPrecision(3)));
  return [
    suggestion === null
      ? 'the loss never fell: no learning rate to suggest'
      : `optimizer.learningRate: ${rate(suggestion)}, where the loss falls fastest`,
    `the loss is lowest at ${rate(atLowestLoss)}${diverged ? `, and grew fourfold at ${rate(steps.at(-1)?.learningRate ?? NaN)}` : ''} (${steps.length} steps)`,
    `picture: ${picture ?? 'none'}`,
  ].join('\n');
}
