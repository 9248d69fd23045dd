import type { PredictReport } from '../../training/labelling/predictImages.js';
import { limits } from '../../support/limits.js';
import { formatPercent } from '../../support/statistics/share.js';
import { defineCommand } from '../command.js';
import { library } from '../library.js';
import { noteReading, onnxFlags, onnxOptionsOf } from '../onnxFlags.js';
import { deviceOf, flags, wholeNumber } from '../options.js';
import { noteDevice } from '../progress.js';
import { formatCount, formatTable } from '../table.js';

const predictImages = library(
  async () => (await import('../../training/labelling/predictImages.js')).predictImages,
);

const text = { type: 'string', requiresArg: true } as const;

export default defineCommand({
  usage: 'predict <images..>',
  describe: 'Predict the likeliest classes of images, with their probabilities',
  examples: [
    ['predict cat.jpg dog.jpg --model runs/pets', "by a run's best checkpoint"],
    ['predict photos --model model.onnx --top-k 1 --json', 'all images below a folder, as JSON'],
  ],
  options: (parser) =>
    parser
      .positional('images', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Images, or folders with images',
      })
      .options({
        model: {
          ...text,
          demandOption: true,
          describe: 'Folder of a checkpoint or a run (its best checkpoint), or an .onnx file',
        },
        'top-k': { ...text, describe: 'Likeliest classes of each image to show (default: 5)' },
        batch: { ...text, describe: 'Images at a time' },
        threads: { ...text, describe: 'Threads per operator' },
        device: flags.device,
        trust: flags.trust,
        ...onnxFlags,
      }),
  async run(args, { progress, interruptible }) {
    const request = {
      model: args.model,
      topK: wholeNumber('--top-k', args.topK, { least: 1, most: limits.classes }),
      batch: wholeNumber('--batch', args.batch, { least: 1, most: limits.batch }),
      threads: wholeNumber('--threads', args.threads, { least: 1, most: limits.threads }),
      device: deviceOf(args.device),
      trust: args.trust,
      onnx: onnxOptionsOf(args),
    };
    const report = await interruptible((signal) =>
      predictImages(args.images, {
        ...request,
        signal,
        onDevice: noteDevice(progress),
        onReading: noteReading(progress),
      }),
    );
    return { json: report, text: textOf(report) };
  },
});

const columns = [
  { title: 'image' },
  { title: 'class' },
  { title: 'probability', align: 'right' },
] as const;

function textOf({ images, unreadable, assumed }: PredictReport): string {
  const rows = images.flatMap(({ image, classes }) =>
    classes.map((found, i) => [
      i === 0 ? image : '',
      found.class,
      formatPercent(found.probability),
    ]),
  );
  const lost = unreadable.map(({ image, reason }) => `${image}: ${reason}`);
  return [
    formatTable(columns, rows),
    '',
    ...(lost.length > 0 ? [`${formatCount(lost.length)} could not be read:`, ...lost] : []),
    ...assumed,
  ].join('\n');
}
