import { artifactKinds, type ArtifactKind } from '../../contract/artifactKinds.js';
import { imageFormats } from '../../contract/imageFormats.js';
import { precisions } from '../../contract/precisions.js';
import { targetNames } from '../../contract/targets.js';
import type { CompileResult } from '../../training/build/compileModel.js';
import { limits } from '../../support/limits.js';
import { createOptimizer, optimizerNames } from '../../compiler/optim/index.js';
import { defineCommand } from '../command.js';
import { library } from '../library.js';
import { flags, modelPositional, oneOf, overridesOf, seedOf, wholeNumber } from '../options.js';
import { formatBytes, formatCount, formatTable } from '../table.js';

const compileModel = library(
  async () => (await import('../../training/build/compileModel.js')).compileModel,
);

const text = { type: 'string', requiresArg: true } as const;

export default defineCommand({
  usage: 'compile <model>',
  describe: 'Compile a model to ONNX artifacts with a manifest and a typed module',
  examples: [
    ['compile digits.model.ts --out build/digits', 'infer, train and init of a model file'],
    ['compile digits.model.ts --out build --artifact infer --batch dynamic', 'for serving'],
    ['compile resnet50 --out build --classes 10 --drop-path 0.1', 'a shipped model, changed'],
    ['compile digits.model.ts --out build --optimizer rmspropTf --batch 32 --json', 'for a script'],
  ],
  options: (parser) =>
    parser.positional('model', modelPositional).options({
      out: { ...text, demandOption: true, describe: 'Folder for the artifacts' },
      artifact: {
        ...text,
        describe: `Artifacts, separated by commas: ${artifactKinds.join(', ')}, or all`,
      },
      target: { ...text, choices: targetNames, describe: 'Target that the graphs are lowered for' },
      batch: { ...text, describe: 'Images per step: a number, or dynamic' },
      opset: { ...text, describe: 'ONNX operator set, 17 to 24' },
      optimizer: {
        ...text,
        choices: optimizerNames,
        describe: 'Optimizer of the update and train graphs',
      },
      seed: flags.seed,
      classes: flags.classes,
      size: flags.size,
      drop: flags.drop,
      'drop-path': flags.dropPath,
      'fold-batch-norm': {
        type: 'boolean',
        describe: 'Fold batch norm into the convolutions of infer',
      },
      checkpointing: {
        type: 'boolean',
        describe: 'Recompute blocks in the backward pass: less memory, more time',
      },
      precision: {
        ...text,
        choices: precisions,
        describe: 'Number format of training; weights stay in float32',
      },
      steps: { ...text, describe: 'Training steps per run of train' },
      'unroll-steps': {
        type: 'boolean',
        describe: 'Write these one after the other, instead of a Loop',
      },
      'image-format': {
        ...text,
        choices: imageFormats,
        describe: 'Format of the image input',
      },
      'dump-ir': { ...text, describe: 'Folder for the graph after each pass' },
      explain: {
        type: 'boolean',
        describe: 'Show which rule took each node, and why others did not',
      },
    }),
  async run(args) {
    const { optimizer } = args;
    const summary = await compileModel(args.model, {
      ...overridesOf(args),
      out: args.out,
      artifacts: artifactsOf(args.artifact),
      target: oneOf('--target', args.target, targetNames),
      batch:
        args.batch === 'dynamic'
          ? 'dynamic'
          : wholeNumber('--batch', args.batch, { least: 1, most: limits.batch }),
      opset: wholeNumber('--opset', args.opset, { least: 17, most: 24 }),
      seed: seedOf(args.seed),
      optimizer: optimizer === undefined ? undefined : createOptimizer({ kind: optimizer }),
      foldBatchNorm: args.foldBatchNorm,
      checkpointing: args.checkpointing,
      precision: oneOf('--precision', args.precision, precisions),
      stepsPerRun: wholeNumber('--steps', args.steps, { least: 1, most: limits.stepsPerRun }),
      unrollSteps: args.unrollSteps,
      imageFormat: oneOf('--image-format', args.imageFormat, imageFormats),
      dumpIr: args.dumpIr,
      explain: args.explain,
    });
    const explanation = summary.explanation?.join('\n') ?? '';
    return { json: jsonOf(summary), text: textOf(summary), quiet: explanation };
  },
});

function artifactsOf(list: string | undefined): ArtifactKind[] | 'all' | undefined {
  if (list === undefined || list === 'all') return list;
  return list
    .split(',')
    .map((name) => oneOf('--artifact', name.trim(), artifactKinds))
    .filter((kind) => kind !== undefined);
}

function jsonOf({ manifest, outDir, files, seconds, explanation }: CompileResult): unknown {
  return { outDir, files, seconds, ...(explanation ? { explanation } : {}), manifest };
}

function textOf({ manifest, outDir, files, seconds, explanation }: CompileResult): string {
  const rows = files.map(({ name, bytes }) => [name, formatBytes(bytes)]);
  const parameters = manifest.params
    .filter(({ kind }) => kind === 'param')
    .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  return [
    formatTable([{ title: 'file' }, { title: 'size', align: 'right' }], rows),
    '',
    `${manifest.name}: ${formatCount(parameters)} parameters, target ${manifest.target}, opset ${manifest.opset}, batch ${manifest.batch}`,
    `wrote ${outDir} in ${seconds.toFixed(1)} s`,
    ...(explanation?.length ? ['', ...explanation] : []),
  ].join('\n');
}
