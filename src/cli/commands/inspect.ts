import type { Inspection, LayerRow, OnnxFacts } from '../../tools/inspect/inspect.js';
import type { MemoryPrediction } from '../../tools/measure/memory/predictMemory.js';
import { ConfigError } from '../../support/errors.js';
import { limits } from '../../support/limits.js';
import { defineCommand } from '../command.js';
import { library } from '../library.js';
import { flags, overridesOf, wholeNumber } from '../options.js';
import { formatBytes, formatCount, formatTable } from '../table.js';

const inspectModelFile = library(
  async () => (await import('../../tools/inspect/inspect.js')).inspectModelFile,
);
const inspectOnnxFile = library(
  async () => (await import('../../tools/inspect/inspectOnnx.js')).inspectOnnxFile,
);
const predictMemory = library(
  async () => (await import('../../tools/measure/memory/predictMemory.js')).predictMemory,
);

export default defineCommand({
  usage: 'inspect <file>',
  describe: 'Show the layers of a model or the nodes of an ONNX file',
  examples: [
    ['inspect digits.model.ts', 'layers, output shapes, parameters, multiply-adds'],
    ['inspect build/digits/infer.onnx', 'any .onnx file, from any tool'],
    ['inspect digits.model.ts --size 64 --json', 'at another resolution, for a script'],
    ['inspect efficientnet_b0', 'a shipped model; docs/names.md lists them'],
    ['inspect efficientnet_b0 --graph b0.svg', 'and a drawing of it'],
    ['inspect digits.model.ts --memory --batch 64', 'the memory of a training process'],
  ],
  options: (parser) =>
    parser
      .positional('file', {
        type: 'string',
        demandOption: true,
        describe: 'A model file, a shipped model or an .onnx file',
      })
      .options({
        classes: flags.classes,
        size: flags.size,
        drop: flags.drop,
        'drop-path': flags.dropPath,
        graph: {
          type: 'string',
          requiresArg: true,
          describe: 'An .svg file for a drawing of the model',
        },
        memory: { type: 'boolean', describe: 'Predict the memory of a training step' },
        batch: {
          type: 'string',
          requiresArg: true,
          describe: 'Images per step (default: 32), or per run of an .onnx file (default: 1)',
        },
      }),
  async run(args) {
    const { file, graph, memory } = args;
    const isOnnx = file.endsWith('.onnx');
    if (isOnnx) refuseModelFlags(args);
    else if (args.batch !== undefined && memory !== true) throw needsMemory();
    const batch = wholeNumber('--batch', args.batch, { least: 1, most: limits.batch });
    const overrides = overridesOf(args);
    const inspection = isOnnx
      ? await inspectOnnxFile(file, { size: overrides.size, batch })
      : await inspectModelFile(file, { ...overrides, graph });
    const prediction =
      memory === true ? await predictMemory(file, { ...overrides, batch }) : undefined;
    const drawn = graph === undefined ? [] : ['', `drawn in ${graph}`];
    const table = prediction ? describeMemory(prediction) : describeInspection(inspection);
    return {
      json: {
        ...inspection,
        ...(graph !== undefined && { graph }),
        ...(prediction && { memory: prediction }),
      },
      text: [table, ...drawn].join('\n'),
    };
  },
});

const modelFlags = {
  classes: 'changes',
  drop: 'changes',
  dropPath: 'changes',
  graph: 'draws',
  memory: 'looks into',
} as const;

function refuseModelFlags(given: { readonly [Flag in keyof typeof modelFlags]?: unknown }): void {
  for (const key of Object.keys(modelFlags) as (keyof typeof modelFlags)[]) {
    if (given[key] === undefined || given[key] === false) continue;
    const flag = key === 'dropPath' ? 'drop-path' : key;
    throw new ConfigError(`--${flag} ${modelFlags[key]} models, not .onnx files`, {
      code: `${flag}-of-onnx`,
      where: `--${flag}`,
      hint: 'pass the model file or the name of a shipped model',
    });
  }
}

function needsMemory(): ConfigError {
  return new ConfigError('--batch of a model requires --memory', {
    code: 'flag-value',
    where: '--batch',
    hint: 'add --memory, or leave --batch out: multiply-adds are per image',
  });
}

const partNames = {
  parameters: 'parameters and batch statistics',
  state: 'optimizer state, averages, new parameters',
  activations: 'activations and gradients at the peak',
  arena: "gaps and tables of onnxruntime's arena",
  images: 'images',
  'initial weights': 'initial weights, until they are collected',
  graph: 'graph',
  base: 'Node, Gradus and onnxruntime',
} as const;

/** Layers that are named as holding the most. */
const shownHolders = 5;

/** The table that `gradus inspect --memory` prints. */
function describeMemory({ name, batch, image, peakRssBytes, parts, peak }: MemoryPrediction) {
  const rows = parts.map(({ part, bytes }) => [partNames[part], formatBytes(bytes)]);
  const columns = [{ title: 'what' }, { title: 'bytes', align: 'right' }] as const;
  const total = ['predicted peak of the process', formatBytes(peakRssBytes)];
  const holders = peak.live.slice(0, shownHolders);
  const where = `${peak.layer}, ${peak.phase} pass${peak.source === undefined ? '' : `, ${peak.source}`}`;
  return [
    `${name}: a training step of ${batch} images [${image.join(',')}] on the CPU`,
    '',
    formatTable(columns, [...rows, total], 1),
    '',
    `most memory at ${where}, where memory holds`,
    ...holders.map(({ layer, bytes }) => `  ${formatBytes(bytes)} made by ${layer}`),
  ].join('\n');
}

/** The table that `gradus inspect` prints. */
export function describeInspection({
  name,
  parameters,
  multiplyAdds,
  layers,
  onnx,
  uncounted = {},
  assumed = {},
}: Inspection): string {
  const columns = [
    { title: onnx ? 'node' : 'layer' },
    { title: onnx ? 'operator' : 'kind' },
    { title: 'output' },
    { title: 'parameters', align: 'right' },
    { title: 'multiply-adds', align: 'right' },
  ] as const;
  const total = ['total', '', '', formatCount(parameters), formatCount(multiplyAdds)];
  return [
    ...(onnx ? describeFacts(name, onnx) : [name, '']),
    formatTable(columns, [...layers.map(rowOf), total], 1),
    ...describeTotals(uncounted, assumed),
  ].join('\n');
}

/** Lines below the table: what the totals leave out and assume. */
function describeTotals(
  uncounted: Readonly<Record<string, number>>,
  assumed: Readonly<Record<string, number>>,
): string[] {
  const kinds = Object.entries(uncounted);
  const nodes = kinds.reduce((sum, [, count]) => sum + count, 0);
  const symbols = Object.entries(assumed).map(([symbol, value]) => `${symbol} = ${value}`);
  const listed = kinds.map(([kind, count]) => `${kind} ${count}`).join(', ');
  const lines = [
    ...(symbols.length > 0
      ? [`multiply-adds for ${symbols.join(', ')}; change it with --batch`]
      : []),
    ...(nodes > 0
      ? [
          `${nodes} ${nodes === 1 ? 'node' : 'nodes'} not counted: ${listed}`,
          'their shapes or operators are unknown; --size sets a height and width that the file leaves open',
        ]
      : []),
  ];
  return lines.length > 0 ? ['', ...lines] : [];
}

function rowOf(layer: LayerRow): string[] {
  const { name, kind, outputShape, parameters, multiplyAdds, rate } = layer;
  return [
    name,
    rate === undefined ? kind : `${kind} ${Number(rate.toFixed(4))}`,
    outputShape ? `[${outputShape.join(',')}]` : '?',
    parameters === 0 ? '' : formatCount(parameters),
    multiplyAdds === null ? '?' : multiplyAdds === 0 ? '' : formatCount(multiplyAdds),
  ];
}

function describeFacts(name: string, onnx: OnnxFacts): string[] {
  const opsets = Object.entries(onnx.opsets).map(([domain, version]) => `${domain} ${version}`);
  const value = ({ name, dtype, shape }: OnnxFacts['inputs'][number]): string =>
    `  ${name}: ${dtype} ${shape ? `[${shape.join(',')}]` : '?'}`;
  const operators = Object.entries(onnx.operators).map(([type, count]) => `${type} ${count}`);
  return [
    `${name}: IR version ${onnx.irVersion}, ${opsets.join(', ')}${onnx.producer ? `, by ${onnx.producer}` : ''}`,
    'inputs',
    ...onnx.inputs.map(value),
    'outputs',
    ...onnx.outputs.map(value),
    `weights: ${onnx.initializers.count} initializers, ${formatBytes(onnx.initializers.bytes)}`,
    ...(onnx.constants
      ? [`in nodes: ${onnx.constants.count} constants, ${formatBytes(onnx.constants.bytes)}`]
      : []),
    `operators: ${operators.join(', ')}`,
    ...(onnx.functions.length > 0 ? [`functions: ${onnx.functions.join(', ')}`] : []),
    '',
  ];
}
