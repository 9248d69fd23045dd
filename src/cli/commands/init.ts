import { defineCommand } from '../command.js';
import { library } from '../library.js';

const scaffold = library(async () => (await import('../scaffold.js')).scaffold);

export default defineCommand({
  usage: 'init [dir]',
  describe: 'Start a project: a model file, a config and the next commands',
  examples: [
    ['init my-run', 'in a new folder'],
    ['init', 'in this one; files that exist are never overwritten'],
  ],
  options: (parser) =>
    parser.positional('dir', {
      type: 'string',
      default: '.',
      describe: 'Folder for the files',
    }),
  async run(args, { paint }) {
    const made = await scaffold(args.dir);
    const text = [
      ...made.files.map((file) => `wrote ${file}`),
      '',
      'next:',
      ...made.next.map((command) => `  ${paint.bold(command)}`),
    ].join('\n');
    return { json: made, text, quiet: '' };
  },
});
