import { defineCommand } from '../command.js';
import { deviceOf, flags, wholeNumber } from '../options.js';
import { formatPercent, formatTable } from '../table.js';

const number = { type: 'string', requiresArg: true } as const;

export const evaluate = defineCommand({
  usage: 'eval <checkpoint>',
  describe: 'Measure a checkpoint on the test set of its data',
  examples: [
    ['eval runs/digits', 'the best checkpoint of a run'],
    ['eval runs/digits/checkpoints/step-000400 --json', 'a certain one, as JSON'],
  ],
  options: (parser) =>
    parser
      .positional('checkpoint', {
        type: 'string',
        demandOption: true,
        describe: "A checkpoint's folder, or a run's: then its best",
      })
      .options({
        device: flags.device,
        batch: { ...number, describe: 'Images at a time' },
        threads: { ...number, describe: 'Threads of one operator' },
      }),
  async run(args, { services, progress, interruptible }) {
    const summary = await interruptible((signal) =>
      services.evaluateCheckpoint(args.checkpoint, {
        device: deviceOf(args.device),
        batch: wholeNumber('--batch', args.batch, { least: 1 }),
        threads: wholeNumber('--threads', args.threads, { least: 1 }),
        signal,
        onEvent: (event) => {
          progress.onEvent(event);
        },
      }),
    );
    progress.end();
    const { accuracy, loss, images, step, checkpoint, seconds } = summary;
    const table = formatTable(
      [
        { title: 'checkpoint' },
        { title: 'step', align: 'right' },
        { title: 'accuracy', align: 'right' },
        { title: 'loss', align: 'right' },
        { title: 'images', align: 'right' },
        { title: 'images/s', align: 'right' },
      ],
      [
        [
          checkpoint,
          String(step),
          formatPercent(accuracy),
          loss.toFixed(4),
          String(images),
          (images / seconds).toFixed(0),
        ],
      ],
    );
    return { json: summary, text: table };
  },
});
