import type { AblationSummary } from '../../selftrain/tasks/ablate.js';
import { atKeys } from '../atKeys.js';
import { defineCommand } from '../command.js';
import { library } from '../library.js';
import { noteSets } from '../progress.js';
import { formatClock, formatTable } from '../table.js';
import { formatDifference, formatShareOf } from '../../support/statistics/share.js';
import { configOf, runOptions, stopped } from './selftrain.js';

const ablate = library(async () => (await import('../../selftrain/tasks/ablate.js')).ablate);

export default defineCommand({
  usage: 'ablate <config>',
  describe: 'Train the first student again without each noise, and compare',
  examples: [
    ['ablate selftrain.config.ts', 'uses the networks of selftrain in runs/NAME, and adds to them'],
    ['ablate selftrain.config.ts --json', 'the table as JSON'],
  ],
  options: runOptions,
  async run(args, { progress, interruptible }) {
    const { config, folder, locate } = await configOf(args);
    const { out, overwrite, acceptData, hashData } = args;
    const opened = noteSets(progress);
    const result = await interruptible((signal) =>
      atKeys(
        locate,
        ablate(config, {
          configFolder: folder,
          ...{ overwrite, acceptData, hashData },
          out,
          signal,
          onSet: opened.onSet,
          onEvent: progress.onEvent,
        }),
      ),
    );
    progress.end();
    if ('interrupted' in result) return stopped('ablate', result, args);
    return { json: { ...result, sets: opened.sets }, text: textOf(result) };
  },
});

const columns = [
  { title: 'network' },
  { title: 'test accuracy', align: 'right' },
  { title: 'to Noisy Student', align: 'right' },
  { title: 'time', align: 'right' },
] as const;

function textOf({ rows, folder }: AblationSummary): string {
  const cells = rows.map(({ text, test, difference, seconds }) => [
    text,
    formatShareOf(test.accuracy, test.images),
    difference ? formatDifference(difference.difference, difference.interval) : '',
    formatClock(seconds),
  ]);
  return `${formatTable(columns, cells)}\n\nnoise was removed for pseudo-labelled images only; all files are in ${folder}`;
}
