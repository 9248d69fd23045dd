import { describeComparison } from '../comparisonText.js';
import { defineCommand } from '../command.js';
import { library } from '../library.js';
import { commandLine } from '../commandLine.js';
import { exitCodes } from '../exitCodes.js';
import { flags, seedOf } from '../options.js';
import { formatClock, formatCount, formatTable } from '../table.js';
import { formatPercent, formatShare } from '../../support/statistics/share.js';

const runDemo = library(async () => (await import('../../selftrain/tasks/demo.js')).runDemo);

export default defineCommand({
  usage: 'demo',
  describe: 'Run the smallest real self-training: a teacher and a better student on digits',
  examples: [
    ['demo', 'one to four minutes, into runs/demo'],
    ['demo --seed 2 --json', 'another seed, the result as JSON'],
  ],
  options: (parser) =>
    parser.options({
      seed: flags.seed,
      out: {
        type: 'string',
        requiresArg: true,
        default: 'runs/demo',
        describe: 'Folder for artifacts, checkpoints, metrics and the picture',
      },
    }),
  async run(args, { progress, paint, interruptible }) {
    const summary = await interruptible((signal) =>
      runDemo({
        seed: seedOf(args.seed) ?? 1,
        out: args.out,
        signal,
        onEvent: progress.onEvent,
      }),
    );
    progress.end();
    if (summary.interrupted) {
      const resume = commandLine('demo', [], { seed: args.seed, out: args.out });
      const text = `stopped; finished work is kept in ${args.out}\ncontinue with: ${resume}`;
      const json = { interrupted: true, out: args.out, resume };
      return { json, text, exitCode: exitCodes.interrupted };
    }
    const { teacher, student, comparison, seconds, labels } = summary;
    const right = formatPercent(labels.right / labels.kept);
    const kept = `kept ${labels.kept} of ${labels.images} pseudo-labels, ${right} of them correct`;
    const table = formatTable(
      [{ title: 'network' }, { title: 'test accuracy', align: 'right' }],
      [
        ['teacher', formatPercent(teacher.accuracy)],
        ['student', formatPercent(student.accuracy)],
      ],
    );
    const gain = 100 * (student.accuracy - teacher.accuracy);
    const verdict =
      gain > 0
        ? paint.green(`the student is better by ${gain.toFixed(2)} percentage points`)
        : paint.yellow(
            `the student is not better (${gain.toFixed(2)} percentage points); try another seed`,
          );
    const stated = `on ${formatCount(teacher.n)} test digits: teacher ${formatShare(teacher.accuracy, teacher.n)}, student ${formatShare(student.accuracy, student.n)}`;
    const compared = describeComparison(comparison);
    const text = `${kept}\n\n${table}\n\n${verdict}\n${stated}\n${compared}\nseed ${summary.seed}, ${formatClock(seconds)}, all files are in ${args.out}`;
    return { json: summary, text };
  },
});
