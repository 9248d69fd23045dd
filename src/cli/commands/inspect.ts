import type { Inspection, LayerRow, OnnxFacts } from '../../api/inspect.js';
import type { MemoryPrediction } from '../../api/memory/predictMemory.js';
import { ConfigError } from '../../support/errors.js';
import { defineCommand } from '../command.js';
import { flags, overridesOf, wholeNumber } from '../options.js';
import { formatBytes, formatCount, formatTable } from '../table.js';

export const inspect = defineCommand({
  usage: 'inspect <file>',
  describe: 'Show the layers of a model or the nodes of an ONNX file',
  examples: [
    ['inspect digits.model.ts', 'layers, output shapes, parameters, multiply-adds'],
    ['inspect build/digits/infer.onnx', 'any .onnx file, from whatever tool'],
    ['inspect digits.model.ts --size 64 --json', 'at another resolution, for a script'],
    ['inspect efficientnet_b0', 'a shipped model; docs/names.md lists them'],
    ['inspect efficientnet_b0 --graph b0.svg', 'and a drawing of it'],
    ['inspect digits.model.ts --memory --batch 64', 'what a training process will take'],
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
          describe: 'An .svg file that takes a drawing of the model',
        },
        memory: { type: 'boolean', describe: 'Predict the memory of a training step' },
        batch: {
          type: 'string',
          requiresArg: true,
          describe: 'Images of that step; 32 if missing',
        },
      }),
  async run(args, { services }) {
    const { file, graph, memory } = args;
    if (file.endsWith('.onnx')) refuseModelFlags({ graph, memory });
    const batch = wholeNumber('--batch', args.batch, { least: 1 });
    const overrides = overridesOf(args);
    const inspection = await services.inspectFile(file, { ...overrides, graph });
    const prediction =
      memory === true ? await services.predictMemory(file, { ...overrides, batch }) : undefined;
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

function refuseModelFlags(given: { readonly graph?: unknown; readonly memory?: unknown }): void {
  for (const [flag, does] of [
    ['graph', 'draws'],
    ['memory', 'looks into'],
  ] as const) {
    if (given[flag] === undefined || given[flag] === false) continue;
    throw new ConfigError(`--${flag} ${does} models, not .onnx files`, {
      code: `${flag}-of-onnx`,
      where: `--${flag}`,
      hint: 'give the model file, or the name of a shipped model',
    });
  }
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
    `most memory at ${where}; then there lie`,
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
}: Inspection): string {
  const columns = [
    { title: onnx ? 'node' : 'layer' },
    { title: onnx ? 'operator' : 'kind' },
    { title: 'output' },
    { title: 'parameters', align: 'right' },
    { title: 'multiply-adds', align: 'right' },
  ] as const;
  const total = ['total', '', '', formatCount(parameters), formatCount(multiplyAdds)];
  const unknown = layers.filter((layer) => layer.multiplyAdds === null).length;
  return [
    ...(onnx ? describeFacts(name, onnx) : [name, '']),
    formatTable(columns, [...layers.map(rowOf), total], 1),
    ...(unknown > 0 ? ['', `${unknown} nodes have unknown shapes and are not in the total`] : []),
  ].join('\n');
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
    `operators: ${operators.join(', ')}`,
    ...(onnx.functions.length > 0 ? [`functions: ${onnx.functions.join(', ')}`] : []),
    '',
  ];
}
