import type { SheetSummary } from '../../tools/inspect/previewNoise.js';
import { defineCommand, defineGroup } from '../command.js';
import { library } from '../library.js';
import type { Report } from '../context.js';
import { flags, seedOf, wholeNumber, wholeNumbers } from '../options.js';
import { formatBytes } from '../table.js';

const previewNoise = library(
  async () => (await import('../../tools/inspect/previewNoise.js')).previewNoise,
);
const showCorruptions = library(
  async () => (await import('../../tools/inspect/previewNoise.js')).showCorruptions,
);

const outFlag = {
  type: 'string',
  requiresArg: true,
  demandOption: true,
  describe: 'The PNG file',
} as const;

const preview = defineCommand({
  usage: 'preview <image>',
  describe: 'Show an image under a grid of RandAugment’s N and M, as one PNG',
  examples: [
    ['augment preview cat.jpg --out sheet.png', 'N of 1 to 3, M of 5 to 27'],
    ['augment preview cat.jpg --out sheet.png --n 2 --m 9,18,27', 'other settings'],
    ['augment preview cat.jpg --out sheet.png --size 32', 'as in a data set of 32 px'],
  ],
  options: (parser) =>
    parser
      .positional('image', { type: 'string', demandOption: true, describe: 'An image file' })
      .options({
        out: outFlag,
        n: { type: 'string', requiresArg: true, describe: 'Numbers of operations, as in 1,2,3' },
        m: { type: 'string', requiresArg: true, describe: 'Magnitudes, as in 5,10,15' },
        samples: { type: 'string', requiresArg: true, describe: 'Rows for each N' },
        size: flags.size,
        seed: flags.seed,
      }),
  async run(args) {
    const summary = await previewNoise({
      image: args.image,
      out: args.out,
      n: wholeNumbers('--n', args.n, { least: 0, most: 20 }),
      m: wholeNumbers('--m', args.m, { least: 0, most: 100 }),
      samples: wholeNumber('--samples', args.samples, { least: 1, most: 20 }),
      size: sizeOf(args.size),
      seed: seedOf(args.seed),
    });
    return reportSheet(summary);
  },
});

const corruptions = defineCommand({
  usage: 'corruptions <image>',
  describe: 'Show an image under the 15 corruptions and five severities of the robustness measures',
  examples: [
    ['augment corruptions cat.jpg --out sheet.png', 'with the severities for 224 px'],
    ['augment corruptions cat.jpg --out sheet.png --size 32', 'with the severities for 32 px'],
  ],
  options: (parser) =>
    parser
      .positional('image', { type: 'string', demandOption: true, describe: 'An image file' })
      .options({
        out: outFlag,
        size: flags.size,
        seed: flags.seed,
      }),
  async run(args) {
    const summary = await showCorruptions({
      image: args.image,
      out: args.out,
      size: sizeOf(args.size),
      seed: seedOf(args.seed),
    });
    return reportSheet(summary);
  },
});

function sizeOf(text: string | undefined): number | undefined {
  return wholeNumber('--size', text, { least: 8, most: 4096 });
}

function reportSheet(summary: SheetSummary): Report {
  const { out, width, height, bytes, size } = summary;
  const text = `${out}: ${width}x${height} px, ${formatBytes(bytes)}, the image at ${size} px`;
  return { json: summary, text };
}

export default defineGroup({
  name: 'augment',
  describe: 'Show input noise before training with it',
  examples: [
    ['augment preview cat.jpg --out sheet.png', 'RandAugment at several N and M'],
    [
      'augment corruptions cat.jpg --out sheet.png',
      'the corruptions that robustness is measured with',
    ],
  ],
  commands: [preview, corruptions],
});
