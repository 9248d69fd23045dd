import { nameSets } from '../../contract/choices.js';
import type { ImportResult } from '../../training/weights/importWeights.js';
import { limits } from '../../support/limits.js';
import { someOf } from '../../support/finite.js';
import { defineCommand } from '../command.js';
import { library } from '../library.js';
import { flags, oneOf, seedOf, wholeNumber } from '../options.js';
import { formatCount } from '../table.js';

const importWeights = library(
  async () => (await import('../../training/weights/importWeights.js')).importWeights,
);

const text = { type: 'string', requiresArg: true } as const;

export default defineCommand({
  usage: 'import <weights>',
  describe: 'Make a checkpoint from a safetensors file of weights',
  examples: [
    ['import b0.safetensors --model efficientnet_b0 --out weights/b0', "timm's weights"],
    ['import b0.safetensors --model efficientnet_b0 --names torchvision --out weights/b0', ''],
    ['import b0.safetensors --model efficientnet_b0 --classes 10 --out weights/b0', 'to fine-tune'],
  ],
  options: (parser) =>
    parser
      .positional('weights', {
        type: 'string',
        demandOption: true,
        describe: 'A .safetensors file, a .safetensors.index.json, or a folder with one',
      })
      .options({
        model: {
          ...text,
          demandOption: true,
          describe: 'A model file, or the name of a shipped model',
        },
        names: {
          ...text,
          choices: nameSets,
          describe: "Naming of the file's tensors (default: the model's own)",
        },
        classes: {
          ...flags.classes,
          describe: "Number of classes; one other than the file's makes a new classifier",
        },
        'new-classifier': {
          type: 'boolean',
          default: false,
          describe: "Start with a new classifier, even for the file's number of classes",
        },
        'class-names': {
          ...text,
          describe: 'A file with the class names, one per line, if the weights have none',
        },
        size: flags.size,
        seed: flags.seed,
        out: { ...text, demandOption: true, describe: 'Folder of the checkpoint' },
      }),
  async run(args) {
    const result = await importWeights(args.weights, {
      model: args.model,
      names: oneOf('--names', args.names, nameSets),
      classes: wholeNumber('--classes', args.classes, { least: 1, most: limits.classes }),
      newClassifier: args.newClassifier,
      classNames: args.classNames,
      size: wholeNumber('--size', args.size, { least: 1, most: limits.size }),
      seed: seedOf(args.seed),
      out: args.out,
    });
    return { json: result, text: textOf(result) };
  },
});

function textOf(result: ImportResult): string {
  const { checkpoint, model, classes, parameters, tensors, ignored, initialized } = result;
  const { prefix, unread, pixels } = result;
  const warnings = [...result.warnings, ...(pixels?.warnings ?? [])];
  const types = [...new Set(Object.values(unread))].join(', ');
  const converted = Object.entries(result.converted).map(
    ([dtype, count]) => `converted ${count} tensors of ${dtype} to float32`,
  );
  return [
    ...warnings.map((warning) => `warning: ${warning}`),
    ...(prefix === '' ? [] : [`matched the names without their prefix ${prefix}`]),
    ...converted,
    ...(ignored > 0
      ? [`left out ${ignored} counters such as num_batches_tracked, which are not needed`]
      : []),
    ...(types === ''
      ? []
      : [
          `left out, not needed and of unsupported types (${types}): ${someOf(Object.keys(unread))}`,
        ]),
    ...(initialized
      ? [
          `new classifier for ${classes} classes, the file has ${initialized.fileClasses}: ` +
            `${initialized.tensors.join(', ')} start with seed ${initialized.seed}`,
        ]
      : []),
    ...(result.classNames === null && !initialized
      ? [`the file does not name its ${classes} classes; pass --class-names FILE to name them`]
      : []),
    ...(pixels ? [pixelsText(pixels)] : []),
    `${model}: ${formatCount(parameters)} parameters, ${tensors} tensors from the file`,
    `wrote ${checkpoint}`,
  ].join('\n');
}

function pixelsText({ from, size, choices }: NonNullable<ImportResult['pixels']>): string {
  const { crop, cropPct, interpolation, mean, std } = choices;
  const parts = [
    ...(size === null ? [] : [`${size} px`]),
    ...(crop === undefined ? [] : [cropText(crop, cropPct)]),
    ...(interpolation === undefined ? [] : [interpolation]),
    ...(mean === undefined ? [] : [`mean ${mean.join(',')}`]),
    ...(std === undefined ? [] : [`std ${std.join(',')}`]),
  ];
  return `images are preprocessed as in ${from}: ${parts.join(', ')}`;
}

function cropText(crop: string, cropPct: number | undefined): string {
  return crop === 'centre' && cropPct !== undefined ? `centre crop of ${100 * cropPct} %` : crop;
}
