import type { BenchResult } from '../../tools/measure/bench.js';
import { limits } from '../../support/limits.js';
import { benchModes } from '../../contract/choices.js';
import { precisions } from '../../contract/precisions.js';
import { createOptimizer, optimizerNames } from '../../compiler/optim/index.js';
import { defineCommand } from '../command.js';
import { library } from '../library.js';
import { deviceOf, flags, modelPositional, oneOf, wholeNumber } from '../options.js';
import { formatBytes, formatTable } from '../table.js';
import { formatPercent } from '../../support/statistics/share.js';

const benchModel = library(async () => (await import('../../tools/measure/bench.js')).benchModel);

const text = { type: 'string', requiresArg: true } as const;

/** Rows of each table that people read; --json has all. */
const shownOperators = 12;
const shownLayers = 15;

export default defineCommand({
  usage: 'bench <model>',
  describe: 'Measure steps of a model on this machine: time, memory, slowest layers',
  examples: [
    ['bench digits.model.ts --batch 64', 'training steps of 64 images'],
    ['bench efficientnet_b0 --size 64 --mode label', 'labelling with a shipped model'],
    ['bench digits.model.ts --json', 'for a script'],
  ],
  options: (parser) =>
    parser.positional('model', modelPositional).options({
      mode: {
        ...text,
        choices: benchModes,
        describe: 'What to time: train or label (default: train)',
      },
      batch: { ...text, describe: 'Images per step (default: 32)' },
      size: flags.size,
      classes: flags.classes,
      device: flags.device,
      threads: { ...text, describe: 'Threads per operator' },
      steps: { ...text, describe: 'Steps to time (default: as many as fit into 10 s)' },
      'steps-per-run': {
        ...text,
        describe: "Training steps per run (default: the device's own number)",
      },
      precision: {
        ...text,
        choices: precisions,
        describe: 'Number format of training (default: float32)',
      },
      optimizer: {
        ...text,
        choices: optimizerNames,
        describe: 'Optimizer (default: rmspropTf)',
      },
    }),
  async run(args, { progress }) {
    const { optimizer } = args;
    const result = await benchModel(args.model, {
      mode: oneOf('--mode', args.mode, benchModes),
      batch: wholeNumber('--batch', args.batch, { least: 1, most: limits.batch }),
      size: wholeNumber('--size', args.size, { least: 1, most: limits.size }),
      classes: wholeNumber('--classes', args.classes, { least: 2, most: limits.classes }),
      device: deviceOf(args.device),
      threads: wholeNumber('--threads', args.threads, { least: 1, most: limits.threads }),
      steps: wholeNumber('--steps', args.steps, { least: 1, most: limits.steps }),
      stepsPerRun: wholeNumber('--steps-per-run', args['steps-per-run'], {
        least: 1,
        most: limits.stepsPerRun,
      }),
      precision: oneOf('--precision', args.precision, precisions),
      optimizer: optimizer === undefined ? undefined : createOptimizer({ kind: optimizer }),
      onPhase: (phase) => {
        progress.note(phase);
      },
    });
    return { json: result, text: textOf(result), quiet: figuresOf(result) };
  },
});

function textOf(result: BenchResult): string {
  return [figuresOf(result), '', operatorTable(result), '', layerTable(result)].join('\n');
}

function figuresOf(result: BenchResult): string {
  const { name, mode, device, batch, image, stepSpread, stepsPerRun, transferShare, machine } =
    result;
  const [low, high] = stepSpread.quartiles;
  const steps = stepsPerRun > 1 ? `runs of ${stepsPerRun} training steps` : 'training steps';
  const work = mode === 'train' ? steps : 'batches labelled';
  const rows = [
    ['images per second', String(result.imagesPerSecond)],
    ['milliseconds per step', `${result.stepMilliseconds} (half of them ${low} to ${high})`],
    ['peak memory', formatBytes(result.peakRssBytes)],
    ['outside onnxruntime', formatPercent(result.outsideRunShare)],
    ...(transferShare === null ? [] : [['transfers', formatPercent(transferShare)]]),
  ];
  return [
    `${name}: ${stepSpread.count} ${work} of ${batch} images [${image.join(',')}] on ${device}`,
    `${machine.cpu}, ${machine.cores} cores, load ${machine.load}`,
    '',
    formatTable([{ title: 'figure' }, { title: 'median' }], rows),
  ].join('\n');
}

const timeColumns = [
  { title: 'ms', align: 'right' },
  { title: 'share', align: 'right' },
] as const;

function operatorTable({ operators }: BenchResult): string {
  const shown = operators.slice(0, shownOperators);
  const rest = operators.slice(shownOperators);
  const rows = shown.map(({ operator, nodes, milliseconds, share }) => [
    operator,
    String(nodes),
    milliseconds.toFixed(1),
    formatPercent(share),
  ]);
  if (rest.length > 0)
    rows.push([
      `${rest.length} others`,
      String(sum(rest.map(({ nodes }) => nodes))),
      sum(rest.map(({ milliseconds }) => milliseconds)).toFixed(1),
      formatPercent(sum(rest.map(({ share }) => share))),
    ]);
  const columns = [
    { title: 'operator' },
    { title: 'nodes', align: 'right' },
    ...timeColumns,
  ] as const;
  return formatTable(columns, rows);
}

function layerTable({ layers }: BenchResult): string {
  const rows = layers
    .slice(0, shownLayers)
    .map(({ layer, milliseconds, share, backwardMilliseconds, source = '' }) => [
      layer,
      milliseconds.toFixed(1),
      formatPercent(share),
      backwardMilliseconds === 0 ? '' : backwardMilliseconds.toFixed(1),
      source,
    ]);
  const columns = [
    { title: 'slowest layers' },
    ...timeColumns,
    { title: 'backward', align: 'right' },
    { title: 'made at' },
  ] as const;
  return formatTable(columns, rows);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
