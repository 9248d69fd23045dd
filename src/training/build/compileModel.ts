import type { TargetName } from '../../contract/targets.js';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { opsetVersions, type OpsetVersion } from '../../../generated/onnx/index.js';
import { artifactKinds, type ArtifactKind } from '../../contract/artifactKinds.js';
import type { Manifest } from '../../contract/manifest.js';
import { compile, type Compiled, type CompileOptions } from '../../compiler/compile/compile.js';
import type { Precision } from '../../contract/precisions.js';
import { typedModule } from '../../language/frontend/typedModule.js';
import { printGraph } from '../../compiler/ir/print.js';
import type { Model } from '../../compiler/trace/defineModel.js';
import type { ModelChoice } from '../config/config.js';
import type { ExternalFile } from '../../compiler/onnx/external.js';
import type { LossChoice } from '../../compiler/losses/index.js';
import type { OptimizerChoice } from '../../compiler/optim/index.js';
import { makeFolder, writeFileAtomic } from '../../runtime/storage/atomic.js';
import { streamSafetensors } from '../../runtime/storage/safetensors.js';
import { placeNames } from '../../runtime/storage/places.js';
import { ConfigError } from '../../support/errors.js';
import type { TensorData } from '../../support/tensor.js';
import { reuseCompiled } from './compiledCache.js';
import { recordOf, type ArchitectureRecord } from './architectureRecord.js';
import { loadModel, type LoadedModel } from '../../language/frontend/loadModel.js';
import { resolveTarget, type TargetFacts } from './target.js';
import { checkRanges } from '../../support/optionRanges.js';

export interface CompileModelOptions extends TargetFacts {
  /** Folder for the artifacts (default: nothing is written). */
  readonly out?: string | undefined;
  readonly artifacts?: readonly ArtifactKind[] | 'all' | undefined;
  /** Target that the graphs are lowered for (default: portable). */
  readonly target?: TargetName | undefined;
  readonly batch?: number | 'dynamic' | undefined;
  readonly opset?: number | undefined;
  readonly seed?: number | undefined;
  readonly optimizer?: OptimizerChoice | undefined;
  readonly maxNorm?: number | undefined;
  readonly emaDecay?: number | undefined;
  readonly labelSmoothing?: number | undefined;
  /** The loss of each image (default: cross-entropy). */
  readonly criterion?: LossChoice | undefined;
  /** Dotted names of layers or parameters that are not trained, each with all below it, such as `blocks.0`. */
  readonly freeze?: readonly string[] | undefined;
  /** Weights and batch statistics for `infer` and `forward`, by dotted name (default: the initial ones). */
  readonly weights?: ReadonlyMap<string, TensorData> | undefined;
  readonly foldBatchNorm?: boolean | undefined;
  /** Computes the maps of the forward pass again in the backward pass: less memory, more time. */
  readonly checkpointing?: boolean | undefined;
  /** Number format of training (default: float32). */
  readonly precision?: Precision | undefined;
  /** Training steps that one run of `train` does; default 1. */
  readonly stepsPerRun?: number | undefined;
  /** Writes these one after the other in the graph, instead of a Loop. */
  readonly unrollSteps?: boolean | undefined;
  readonly weightInputs?: boolean | undefined;
  readonly imageFormat?: Manifest['imageFormat'] | undefined;
  readonly drop?: number | undefined;
  readonly dropPath?: number | undefined;
  readonly classes?: number | undefined;
  /** Height and width of the image in place of the model's own. */
  readonly size?: number | undefined;
  /** Folder that takes the graph after each pass. */
  readonly dumpIr?: string | undefined;
  /** Records which lowering took each node, and why others, and rewrites, declined it. */
  readonly explain?: boolean | undefined;
  /** Called with the graph as it is traced (`start`) and after each pass, unless `dumpIr` takes them. */
  readonly onPass?: CompileOptions['onPass'];
}

export interface CompileResult extends Compiled {
  /** Folder of the artifacts, if they were written. */
  readonly outDir: string;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  readonly seconds: number;
  readonly explanation?: readonly string[] | undefined;
}

function requireRanges(options: CompileModelOptions): void {
  const rates = ['drop', 'dropPath', 'emaDecay', 'labelSmoothing', 'maxNorm'] as const;
  checkRanges('compileModel', options, [...rates, 'seed', 'classes', 'size', 'stepsPerRun']);
  if (options.batch !== 'dynamic') checkRanges('compileModel', options, ['batch']);
}

/** Compiles a model file or a model, and writes artifacts, manifest and typed module to `out`. */
export async function compileModel(
  model: ModelChoice | Model,
  options: CompileModelOptions = {},
): Promise<CompileResult> {
  const start = performance.now();
  requireRanges(options);
  const loaded = await loadModel(model, { typesBeside: true });
  const explanation: string[] = [];
  const onPass = options.dumpIr === undefined ? options.onPass : irDumper(options.dumpIr);
  const { size } = options;
  const [channels] = loaded.model.input.shape;
  const { opset, ...others } = options;
  const request: CompileOptions = {
    ...others,
    target: await resolveTarget(options.target ?? 'portable', options),
    artifacts:
      options.artifacts === 'all'
        ? artifactKinds
        : (options.artifacts ?? ['infer', 'train', 'init']),
    modelPath: loaded.source,
    overrides: {
      drop: options.drop,
      dropPath: options.dropPath,
      classes: options.classes,
      image: size === undefined ? undefined : [channels, size, size],
    },
    ...(opset !== undefined && { opset: checkedOpset(opset) }),
    ...(onPass && { onPass }),
    // Who wants to see how the graphs come about has them made.
    ...(!onPass && !options.explain && { reuse: reuseCompiled }),
    ...(options.explain && {
      onChoice: (kind, { node, op, taken, declined }) => {
        const reasons = declined.length > 0 ? ` (declined: ${declined.join('; ')})` : '';
        explanation.push(`${kind}: ${node} (${op}): ${taken}${reasons}`);
      },
      onDecline: (kind, { node, op, pass, reason }) => {
        explanation.push(`${kind}: ${node} (${op}): ${pass} declined: ${reason}`);
      },
    }),
  };
  const compiled = await checkedBeside(loaded, (own) => compile(own, request));
  const { out } = options;
  const written =
    out === undefined ? { compiled, files: [] } : writeWithRecord(out, loaded, compiled);
  const seconds = (performance.now() - start) / 1000;
  return { ...written.compiled, outDir: out ?? '', files: written.files, seconds, explanation };
}

/** Compiles while types are being checked; of two errors, that of the types tells more. */
async function checkedBeside<T>(loaded: LoadedModel, make: (model: Model) => T): Promise<T> {
  try {
    return loaded.tracing(() => make(loaded.model));
  } finally {
    await loaded.checked;
  }
}

/** Throws a ConfigError for an operator set that we cannot write. */
export function checkedOpset(opset: number): OpsetVersion {
  const known = opsetVersions.find((version) => version === opset);
  if (known !== undefined) return known;
  throw new ConfigError(`opset ${opset} is not supported`, {
    code: 'opset',
    option: ['opset'],
    hint: `allowed: ${opsetVersions.join(', ')}`,
  });
}

/** Writes `train-03-simplify.txt`: artifact, place in the pipeline, pass. */
function irDumper(folder: string): NonNullable<CompileOptions['onPass']> {
  const counts = new Map<ArtifactKind, number>();
  makeFolder(folder);
  return (kind, pass, graph) => {
    const index = counts.get(kind) ?? 0;
    counts.set(kind, index + 1);
    const name = `${kind}-${String(index).padStart(2, '0')}-${pass}.txt`;
    writeFileAtomic(join(folder, name), `${printGraph(graph, { origins: true })}\n`);
  };
}

/** Writes the artifacts, and beside them the network as data, which the manifest then names. */
function writeWithRecord(
  out: string,
  loaded: LoadedModel,
  compiled: Compiled,
): { readonly compiled: Compiled; readonly files: CompileResult['files'] } {
  const record = recordOf(loaded, compiled.manifest);
  const own = { ...compiled, manifest: { ...compiled.manifest, ...record.manifest } };
  return { compiled: own, files: writeCompiled(out, own, record) };
}

/** Writes a compiled model's files into a folder; the manifest last, so that it never names a missing file. */
export function writeCompiled(
  out: string,
  compiled: Compiled,
  record?: ArchitectureRecord,
): CompileResult['files'] {
  makeFolder(out);
  const files: { name: string; bytes: number }[] = [];
  const write = (name: string, parts: readonly Uint8Array[]): void => {
    writeFileAtomic(join(out, name), parts);
    files.push({ name, bytes: parts.reduce((sum, { length }) => sum + length, 0) });
  };
  const writeText = (name: string, text: string): void => {
    write(name, [new TextEncoder().encode(text)]);
  };
  for (const { file, onnx } of Object.values(compiled.artifacts)) {
    if (onnx.external) files.push(writeExternal(out, onnx.external));
    write(file, onnx.parts);
  }
  const { init } = compiled.manifest.artifacts;
  if (init) {
    const path = join(out, init.file);
    streamSafetensors(path, compiled.initial);
    files.push({ name: init.file, bytes: statSync(path).size });
  }
  writeText(`${compiled.manifest.name}.ts`, typedModule(compiled.manifest, compiled.manifest.name));
  if (record) writeText(record.manifest.architecture, record.text);
  writeText(placeNames.manifest, `${JSON.stringify(compiled.manifest, null, 2)}\n`);
  return files;
}

/** Writes the side file of a model into its folder. */
export function writeExternal(out: string, file: ExternalFile): { name: string; bytes: number } {
  writeFileAtomic(join(out, file.location), piecesOf(file));
  return { name: file.location, bytes: file.size };
}

function* piecesOf({ chunks }: ExternalFile): Generator<Uint8Array> {
  let end = 0;
  for (const { offset, bytes } of chunks) {
    yield new Uint8Array(offset - end);
    yield bytes;
    end = offset + bytes.length;
  }
}
