import { defineCommand } from '../command.js';

export const init = defineCommand({
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
  async run(args, { services, paint }) {
    const scaffold = await services.scaffold(args.dir);
    const text = [
      ...scaffold.files.map((file) => `wrote ${file}`),
      '',
      'next:',
      ...scaffold.next.map((command) => `  ${paint.bold(command)}`),
    ].join('\n');
    return { json: scaffold, text, quiet: '' };
  },
});
