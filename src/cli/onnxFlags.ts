import { imageLayouts } from '../training/labelling/classifier/imageInput.js';
import { channelOrders, pixelRanges } from '../training/labelling/classifier/inputHead.js';
import {
  describeReading,
  type OnnxOptions,
  type OnnxReading,
} from '../training/labelling/classifier/reading.js';
import { scoreKinds } from '../training/labelling/classifier/scores.js';
import { croppings, interpolations } from '../support/imageView.js';
import { badValue, decimal, oneOf, wholeNumber } from './options.js';
import type { Progress } from './progress.js';

const text = { type: 'string', requiresArg: true } as const;

/** Flags that say what an .onnx file does not say of itself. */
export const onnxFlags = {
  layout: {
    ...text,
    choices: imageLayouts,
    describe: "For an .onnx file: position of its image's channels",
  },
  size: {
    ...text,
    describe: 'For an .onnx file of any size: height and width, such as 224 or 48x192',
  },
  range: { ...text, choices: pixelRanges, describe: 'For an .onnx file: range of its pixels' },
  channels: {
    ...text,
    choices: channelOrders,
    describe: 'For an .onnx file: first colour of its image, red or blue',
  },
  mean: {
    ...text,
    describe: 'For an .onnx file: mean to subtract from its pixels, one or one per channel',
  },
  std: { ...text, describe: 'For an .onnx file: standard deviation to divide by' },
  crop: {
    ...text,
    choices: croppings,
    describe: 'For an .onnx file: part of an image that it sees',
  },
  'crop-pct': {
    ...text,
    describe: 'For an .onnx file: centre crop as a fraction of the short side, such as 0.875',
  },
  interpolation: {
    ...text,
    choices: interpolations,
    describe: 'For an .onnx file: filter that resizes images',
  },
  output: { ...text, choices: scoreKinds, describe: 'For an .onnx file: kind of its scores' },
  'output-name': {
    ...text,
    describe: 'For an .onnx file with several outputs: the one with the scores',
  },
} as const;

/** The names of these flags, for a command line that goes on. */
export const onnxFlagNames = [
  ...([
    'layout',
    'size',
    'range',
    'channels',
    'mean',
    'std',
    'crop',
    'crop-pct',
    'interpolation',
    'output',
    'output-name',
  ] as const),
] as const;

type OnnxArguments = Readonly<
  Partial<
    Record<
      | 'layout'
      | 'size'
      | 'range'
      | 'channels'
      | 'mean'
      | 'std'
      | 'crop'
      | 'cropPct'
      | 'interpolation'
      | 'output'
      | 'outputName',
      string
    >
  >
>;

/** Options given by the flags; undefined if there are none. */
export function onnxOptionsOf(args: {
  readonly [K in keyof OnnxArguments]: string | undefined;
}): OnnxOptions | undefined {
  const options: OnnxOptions = {
    layout: oneOf('--layout', args.layout, imageLayouts),
    size: sizeOf(args.size),
    range: oneOf('--range', args.range, pixelRanges),
    channels: oneOf('--channels', args.channels, channelOrders),
    mean: numbersOf('--mean', args.mean),
    std: numbersOf('--std', args.std),
    crop: oneOf('--crop', args.crop, croppings),
    cropPct: decimal('--crop-pct', args.cropPct, { least: 0, most: 1 }),
    interpolation: oneOf('--interpolation', args.interpolation, interpolations),
    output: oneOf('--output', args.output, scoreKinds),
    outputName: args.outputName,
  };
  return Object.values(options).some((value) => value !== undefined) ? options : undefined;
}

/** Height and width, such as 224 or 48x192. */
export function sizeOf(given: string | undefined): readonly [number, number] | undefined {
  if (given === undefined) return undefined;
  const [height, width = height, ...rest] = given.split('x');
  if (rest.length > 0) throw badValue('--size', given, 'pass height and width, such as 48x192');
  const side = (part: string | undefined): number =>
    wholeNumber('--size', part, { least: 1, most: 16_384 }) ?? NaN;
  return [side(height), side(width)];
}

/** Numbers with commas between. */
export function numbersOf(flag: string, given: string | undefined): readonly number[] | undefined {
  const parts = given?.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (given === undefined || parts?.every(Number.isFinite)) return parts;
  throw badValue(flag, given, 'pass numbers separated by commas, such as 0.485,0.456,0.406');
}

/** Says how an .onnx file is read, and which flags say otherwise if that is assumed. */
export function noteReading(progress: Progress): (reading: OnnxReading, path: string) => void {
  return (reading, path) => {
    for (const line of describeReading(path, reading)) progress.note(line);
    const { range, channels, normalisation, crop, interpolation, output } = reading.by;
    const flags = [
      ...(range === 'assumed' ? ['--range'] : []),
      ...(normalisation === 'assumed' ? ['--mean', '--std'] : []),
      ...(channels === 'assumed' ? ['--channels'] : []),
      ...(crop === 'assumed' ? ['--crop'] : []),
      ...(interpolation === 'assumed' ? ['--interpolation'] : []),
      ...(output.startsWith('measurement') ? ['--output'] : []),
    ];
    if (flags.length > 0)
      progress.note(`if the network differs, correct it with ${flags.join(', ')}`);
  };
}
