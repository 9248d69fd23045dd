import { nameSets, weightsKinds, exportFormats } from '../../contract/choices.js';
import { imageFormats } from '../../contract/imageFormats.js';
import type { ExportResult } from '../../training/weights/exportModel.js';
import { limits } from '../../support/limits.js';
import { imageLayouts } from '../../training/labelling/classifier/imageInput.js';
import { channelOrders } from '../../training/labelling/classifier/inputHead.js';
import { defineCommand } from '../command.js';
import { library } from '../library.js';
import { onnxFlags } from '../onnxFlags.js';
import { requireOptionsOf } from '../onnxImport.js';
import { flags, oneOf, wholeNumber } from '../options.js';
import { noteUnfinished } from '../progress.js';
import { formatBytes, formatTable } from '../table.js';

const exportModel = library(
  async () => (await import('../../training/weights/exportModel.js')).exportModel,
);

const exportLike = library(
  async () => (await import('../../training/foreign/exportLike.js')).exportLike,
);

const text = { type: 'string', requiresArg: true } as const;

export default defineCommand({
  usage: 'export <checkpoint>',
  describe: 'Write a checkpoint as an ONNX model for inference, or as safetensors',
  examples: [
    ['export runs/digits --format onnx --out digits.onnx', "a run's best, for any ONNX runtime"],
    ['export runs/digits --out digits.onnx --batch 1 --image-format uint8-nhwc', '8-bit images'],
    ['export runs/mine --like theirs.onnx --out mine.onnx', 'in the place of a file of others'],
    ['export weights/b0 --format safetensors --names torchvision --out b0.safetensors', ''],
  ],
  options: (parser) =>
    parser
      .positional('checkpoint', {
        type: 'string',
        demandOption: true,
        describe: 'Folder of a checkpoint or a run (its best checkpoint)',
      })
      .options({
        out: { ...text, demandOption: true, describe: 'The file to write' },
        format: {
          ...text,
          choices: exportFormats,
          describe: 'Format of the file (default: by its extension)',
        },
        weights: {
          ...text,
          choices: weightsKinds,
          describe:
            'The moving average, or the weights themselves (default: the average if there is one)',
        },
        float16: { type: 'boolean', describe: 'Store kernels and matrices as float16' },
        model: flags.model,
        trust: flags.trust,
        names: {
          ...text,
          choices: nameSets,
          describe: "For safetensors: naming of the tensors (default: the model's own)",
        },
        batch: { ...text, describe: 'For onnx: images per run, or dynamic (default: dynamic)' },
        opset: { ...text, describe: 'For onnx: operator set, 17 to 24 (default: 17)' },
        'image-format': {
          ...text,
          choices: imageFormats,
          describe: 'For onnx: format of the image input',
        },
        size: flags.size,
        like: {
          ...text,
          describe: 'For onnx: an .onnx file whose input, output and metadata to keep',
        },
        layout: onnxFlags.layout,
        channels: onnxFlags.channels,
      }),
  async run(args, { progress }) {
    const { batch } = args;
    const options = {
      out: args.out,
      format: oneOf('--format', args.format, exportFormats),
      weights: oneOf('--weights', args.weights, weightsKinds),
      float16: args.float16,
      model: args.model,
      trust: args.trust,
      batch:
        batch === 'dynamic'
          ? ('dynamic' as const)
          : wholeNumber('--batch', batch, { least: 1, most: limits.batch }),
      opset: wholeNumber('--opset', args.opset, { least: 17, most: 24 }),
      onUnfinished: noteUnfinished(progress),
      size: wholeNumber('--size', args.size, { least: 1, most: limits.size }),
    };
    const form = {
      names: oneOf('--names', args.names, nameSets),
      imageFormat: oneOf('--image-format', args.imageFormat, imageFormats),
    };
    const image = {
      layout: oneOf('--layout', args.layout, imageLayouts),
      channels: oneOf('--channels', args.channels, channelOrders),
    };
    const { like } = args;
    if (like === undefined) {
      requireOptionsOf('an export without a file to be like', image);
      const result = await exportModel(args.checkpoint, { ...options, ...form });
      return { json: result, text: textOf(result) };
    }
    requireOptionsOf('an export in the place of another file', form);
    const result = await exportLike(args.checkpoint, { ...options, like, image });
    const { kept, lost } = result.like;
    const told = [`as in ${like}: ${kept.join('; ')}`, `not kept of it: ${lost.join('; ')}`];
    return { json: result, text: [textOf(result), ...told].join('\n') };
  },
});

function textOf(result: ExportResult): string {
  const { model, step, weights, files, tooLarge, onnx, checkpoint, classNames } = result;
  const columns = [{ title: 'file' }, { title: 'size', align: 'right' }] as const;
  const taken = weights === 'ema' ? 'the moving average of the weights' : 'the weights themselves';
  return [
    formatTable(
      columns,
      files.map(({ path, bytes }) => [path, formatBytes(bytes)]),
    ),
    '',
    ...(tooLarge.length > 0 ? [`beyond float16's range, so float32: ${tooLarge.join(', ')}`] : []),
    ...(onnx ? portsOf(onnx) : []),
    ...(classNames === null
      ? [
          `the checkpoint does not record the names of its ${result.classes} classes, so the file does not name them`,
        ]
      : []),
    `${model}, step ${step}: ${taken}, from ${checkpoint}`,
  ].join('\n');
}

function portsOf({ opset, inputs, outputs, normalisation }: NonNullable<ExportResult['onnx']>) {
  const port = ({ name, dtype, shape }: (typeof inputs)[number]): string =>
    `${name} ${dtype} [${shape.join(',')}]`;
  return [
    `opset ${opset}: ${inputs.map(port).join(', ')} -> ${outputs.map(port).join(', ')}`,
    ...(normalisation ? [pixelsOf(normalisation)] : []),
  ];
}

function pixelsOf({ mean, std }: { mean: readonly number[]; std: readonly number[] }): string {
  const plain = mean.every((value) => value === 0) && std.every((value) => value === 1);
  return plain
    ? 'an image holds pixels in 0..1'
    : `an image holds (pixel - mean) / std of pixels in 0..1: mean ${mean.join(', ')}; std ${std.join(', ')}`;
}
