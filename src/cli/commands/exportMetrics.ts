import { metricsFormats } from '../../contract/choices.js';
import { defineCommand } from '../command.js';
import { library } from '../library.js';
import { oneOf } from '../options.js';
import { formatBytes, formatCount } from '../table.js';

const exportMetrics = library(
  async () => (await import('../../tools/inspect/exportMetrics.js')).exportMetrics,
);

export default defineCommand({
  usage: 'export-metrics <run>',
  describe: 'Write the metrics of a run as CSV, for spreadsheets and other programs',
  examples: [
    ['export-metrics runs/digits --out digits.csv', 'one row per step and evaluation'],
    ['export-metrics runs/demo --out demo.csv', 'all networks of a self-training'],
  ],
  options: (parser) =>
    parser
      .positional('run', {
        type: 'string',
        demandOption: true,
        describe: 'Folder of a run of gradus train or selftrain',
      })
      .options({
        to: {
          type: 'string',
          requiresArg: true,
          default: 'csv',
          choices: metricsFormats,
          describe: 'Format of the file',
        },
        out: {
          type: 'string',
          requiresArg: true,
          demandOption: true,
          describe: 'File to write',
        },
      }),
  async run(args) {
    oneOf('--to', args.to, metricsFormats);
    const summary = await exportMetrics(args.run, { out: args.out });
    const { out, networks, rows, damaged, thinned, bytes } = summary;
    const named = networks.length > 1 ? `: ${networks.join(', ')}` : '';
    const count = `${networks.length} ${networks.length === 1 ? 'network' : 'networks'}`;
    return {
      json: summary,
      text: [
        `${out}: ${formatCount(rows)} rows of ${count}${named}, ${formatBytes(bytes)}`,
        ...(damaged > 0
          ? [
              `warning: ${formatCount(damaged)} damaged ${damaged === 1 ? 'line is' : 'lines are'} left out`,
            ]
          : []),
        ...(thinned
          ? [
              'beyond step 4,000 the metrics have fewer than one line per step; evaluations are complete',
            ]
          : []),
      ].join('\n'),
    };
  },
});
