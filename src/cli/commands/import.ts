import { nameSets } from '../../contract/choices.js';
import type { ImportResult } from '../../training/weights/importWeights.js';
import { ConfigError } from '../../support/errors.js';
import { limits } from '../../support/limits.js';
import { imageLayouts } from '../../training/labelling/classifier/imageInput.js';
import { channelOrders, pixelRanges } from '../../training/labelling/classifier/inputHead.js';
import { someOf } from '../../support/finite.js';
import { defineCommand } from '../command.js';
import { numbersOf, sizeOf } from '../onnxFlags.js';
import { onnxImportFlags, onnxImportText, requireOptionsOf } from '../onnxImport.js';
import { library } from '../library.js';
import { flags, oneOf, seedOf, wholeNumber } from '../options.js';
import { formatCount } from '../table.js';

const importWeights = library(
  async () => (await import('../../training/weights/importWeights.js')).importWeights,
);

const importOnnxModel = library(
  async () => (await import('../../training/foreign/importOnnxModel.js')).importOnnxModel,
);

const text = { type: 'string', requiresArg: true } as const;

export default defineCommand({
  usage: 'import <file>',
  describe: 'Make a checkpoint from safetensors, or a model file and a checkpoint from ONNX',
  examples: [
    ['import b0.safetensors --model efficientnet_b0 --out weights/b0', "timm's weights"],
    ['import b0.safetensors --model efficientnet_b0 --names torchvision --out weights/b0', ''],
    ['import b0.safetensors --model efficientnet_b0 --classes 10 --out weights/b0', 'to fine-tune'],
    [
      'import mobilenet.onnx --classes 10 --out mobilenet',
      'a network of any origin, as TypeScript',
    ],
  ],
  options: (parser) =>
    parser
      .positional('file', {
        type: 'string',
        demandOption: true,
        describe:
          'An .onnx file, a .safetensors file or .safetensors.index.json, or a folder with one',
      })
      .options({
        model: {
          ...text,
          describe: 'For weights: a model file, or the name of a shipped model',
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
        size: {
          ...text,
          describe: 'Height and width of the image, in pixels; for an .onnx file also 48x192',
        },
        seed: flags.seed,
        ...onnxImportFlags,
        out: { ...text, demandOption: true, describe: 'Folder to create' },
      }),
  async run(args) {
    const shared = {
      classes: wholeNumber('--classes', args.classes, { least: 1, most: limits.classes }),
      classNames: args.classNames,
      seed: seedOf(args.seed),
      out: args.out,
    };
    const weightOptions = {
      model: args.model,
      names: oneOf('--names', args.names, nameSets),
      newClassifier: args.newClassifier,
    };
    const onnxOptions = {
      ...{ name: args.name, cut: args.cut, images: args.images },
      restoreBatchNorm: args.restoreBatchNorm,
      layout: oneOf('--layout', args.layout, imageLayouts),
      range: oneOf('--range', args.range, pixelRanges),
      channels: oneOf('--channels', args.channels, channelOrders),
      mean: numbersOf('--mean', args.mean),
      std: numbersOf('--std', args.std),
    };
    if (/\.onnx$/i.test(args.file)) {
      requireOptionsOf('the import of an .onnx file', weightOptions);
      const result = await importOnnxModel(args.file, {
        ...{ ...shared, ...onnxOptions },
        size: sizeOf(args.size),
      });
      return { json: result, text: onnxImportText(result, shared) };
    }
    requireOptionsOf('the import of weights', onnxOptions);
    const { model } = weightOptions;
    if (model === undefined)
      throw new ConfigError(`${args.file} holds weights, and no model to put them into was named`, {
        code: 'no-model',
        option: ['model'],
        hint: 'name a model file, or a shipped model such as efficientnet_b0',
      });
    const result = await importWeights(args.file, {
      ...{ ...shared, ...weightOptions, model },
      size: wholeNumber('--size', args.size, { least: 1, most: limits.size }),
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
