import type { OpsetVersion } from '../../../generated/onnx/index.js';
import { artifactFile, type ArtifactKind } from '../../contract/artifactKinds.js';
import type { ArtifactInfo, Manifest, TensorInfo } from '../../contract/manifest.js';
import { isGivenEachStep, stepsSymbol } from '../../contract/steps.js';
import type { Graph } from '../ir/graph.js';
import { printGraph } from '../ir/print.js';
import type { OnDecline } from '../ir/rewrite.js';
import type { Model } from '../trace/defineModel.js';
import type { Traced, TraceOptions } from '../trace/traceModel.js';
import { GraphBuilder } from '../onnx/builder.js';
import type { OnnxModel } from '../onnx/model.js';
import { assertValidModel } from '../onnx/verify.js';
import { writeModel, type WrittenModel } from '../onnx/writer.js';
import { createLoss, type LossChoice } from '../losses/index.js';
import { createOptimizer, type OptimizerChoice } from '../optim/index.js';
import { optimize } from '../passes/pipeline.js';
import { foldBatchNorm } from '../passes/foldBatchNorm.js';
import { recomputeBlocks } from '../passes/recomputeBlocks.js';
import { ConfigError } from '../../support/errors.js';
import { option, phrase } from '../../support/phrase.js';
import { viewOf } from '../../support/imageView.js';
import type { TensorData } from '../../support/tensor.js';
import { forwardTarget } from '../targets/forward.js';
import { lower, nodeName, type Choice } from '../targets/lower.js';
import { lowerSteps, type StepsOptions } from '../targets/lowerSteps.js';
import { portable, type Target } from '../targets/target.js';
import { architectureHash, weightsOf } from './architecture.js';
import { InitialWeights } from './initialWeights.js';
import { overwritable } from './overwrite.js';
import { chooseOpset, preparation, requireHalf } from './precision.js';
import type { Precision } from '../../contract/precisions.js';
import type { Program } from './program.js';
import { Programs, type ProgramOptions } from './programs.js';
import { withTrainingInfo } from './trainingInfo.js';

/*
 * `compile` is pure: it looks at no file, clock or machine. What a target knows of a machine (block size,
 * measured costs) is part of the target value handed in. `tools/measure/tune` measures: it lowers each node of
 * a training step by itself in every way that takes it, times those small models, and keeps the table in the
 * user's cache, where `training/build/target` finds it. A run copies the table into its folder, since its
 * graphs must be lowered in the same way after a resume.
 */

export interface CompileOptions {
  /** Artifacts to make (default: infer, train and init). */
  readonly artifacts?: readonly ArtifactKind[];
  readonly target?: Target;
  /** Images of a step; `dynamic` leaves it open. Default dynamic. */
  readonly batch?: number | 'dynamic';
  /** 17 to 24; default 21, and 22 for bfloat16. */
  readonly opset?: OpsetVersion;
  /** Seed of the initial weights; default 0. */
  readonly seed?: number;
  /** Default SGD with momentum 0.9. */
  readonly optimizer?: OptimizerChoice;
  /** Clips gradients to this global norm, the hyper `max_norm` (default: no clipping). */
  readonly maxNorm?: number;
  /** Keeps an exponential moving average of parameters and batch statistics, the hyper `ema_decay`. */
  readonly emaDecay?: number;
  /** Default of the hyper `label_smoothing`. */
  readonly labelSmoothing?: number;
  /** The loss of each image (default: cross-entropy). */
  readonly criterion?: LossChoice | undefined;
  /** Computes the maps of the forward pass again in the backward pass, all but a few: less memory, more time. */
  readonly checkpointing?: boolean | undefined;
  /**
   * Number format of training (default: float32). In 16 bits, convolutions, matrix products and the
   * values between them are; parameters, statistics and the loss stay in float32.
   */
  readonly precision?: Precision | undefined;
  /**
   * Training steps that one run of `train` does, with all that it is given anew for each stacked in
   * front; default 1. As a Loop, which takes any number, or unrolled for exactly so many.
   */
  readonly stepsPerRun?: number | undefined;
  /** Writes `stepsPerRun` steps one after the other in the graph, instead of a Loop. */
  readonly unrollSteps?: boolean | undefined;
  /** Overrides of what the model file says. */
  readonly overrides?: Pick<TraceOptions, 'classes' | 'image' | 'drop' | 'dropPath'>;
  /** Dotted names of what is not trained, each with all below it; see TraceOptions. */
  readonly freeze?: readonly string[] | undefined;
  /** Weights and batch statistics for `infer` and `forward` (default: the initial ones). */
  readonly weights?: ReadonlyMap<string, TensorData>;
  /** Makes the weights inputs of `infer`, so that one session serves every checkpoint. */
  readonly weightInputs?: boolean;
  /** Folds batch normalisation into the convolutions of `infer`. */
  readonly foldBatchNorm?: boolean;
  readonly imageFormat?: Manifest['imageFormat'];
  /** Source of the model, as the manifest names it. */
  readonly modelPath?: string;
  /** Called with the IR as it is traced (`start`) and after each pass. */
  readonly onPass?: (artifact: ArtifactKind, pass: string, graph: Graph) => void;
  /** Called with the lowering chosen for each node. */
  readonly onChoice?: (artifact: ArtifactKind, choice: Choice) => void;
  /** Called with each node that a rewrite left alone although it is meant for its like. */
  readonly onDecline?: (artifact: ArtifactKind, declined: DeclinedRewrite) => void;
  /**
   * May give what was made before in place of `make()`, if it was made for the same `identity`: a text that
   * tells all that it depends on but the compiler's code. Not asked if weights lie in a graph.
   */
  readonly reuse?: (identity: string, make: () => Reusable) => Reusable;
}

/** What is the same for every seed. */
export type Reusable = Pick<Compiled, 'manifest' | 'artifacts'>;

/** A node that a rewrite left alone, and why. */
export interface DeclinedRewrite {
  readonly node: string;
  readonly op: string;
  readonly pass: string;
  readonly reason: string;
}

/** A file of a compiled model, in memory. */
export interface CompiledArtifact {
  readonly file: string;
  readonly onnx: WrittenModel;
}

export interface Compiled {
  readonly manifest: Manifest;
  readonly artifacts: { readonly [K in ArtifactKind]?: CompiledArtifact };
  readonly initial: InitialWeights;
}

/** Compiles a model to ONNX artifacts and their manifest. Pure: no file, clock or machine is looked at. */
export function compile(model: Model, options: CompileOptions = {}): Compiled {
  const context = new Compilation(model, options);
  const kinds = options.artifacts ?? ['infer', 'train', 'init'];
  const make = (): Reusable => context.make(kinds);
  const { reuse } = options;
  const asked = reuse && !kinds.some((kind) => context.holdsWeights(kind));
  const made = asked ? reuse(context.identity(kinds), make) : make();
  return { ...made, initial: context.initial };
}

interface Made {
  readonly info: ArtifactInfo;
  readonly compiled?: CompiledArtifact;
}

class Compilation {
  readonly target: Target;
  readonly opset: OpsetVersion;
  readonly batch: number | 'dynamic';
  readonly initial: InitialWeights;
  readonly #update: ProgramOptions['update'];
  readonly #programs: Programs;
  /** The artifact that is being made. The first that trains is told of what preparing the network declined. */
  #kind: ArtifactKind = 'infer';

  constructor(
    readonly model: Model,
    readonly options: CompileOptions,
  ) {
    this.target = options.target ?? portable;
    const { precision = 'float32' } = options;
    this.opset = chooseOpset(this.target, precision, options.opset);
    if (precision !== 'float32') requireHalf(this.target, precision, this.opset);
    this.batch = options.batch ?? 'dynamic';
    if (this.batch === 'dynamic' && this.target.staticBatchOnly !== undefined)
      throw new ConfigError(`target ${this.target.name} needs a fixed batch`, {
        code: 'static-batch',
        option: ['batch'],
        hint: phrase`pass ${option('batch', 'N')}: ${this.target.staticBatchOnly}`,
      });
    const { overrides, imageFormat, freeze } = options;
    const trace = { ...overrides, batch: this.batch, imageFormat, freeze };
    this.#update = {
      optimizer: createOptimizer(options.optimizer ?? { kind: 'sgd', momentum: 0.9 }),
      clip: options.maxNorm !== undefined,
      ema: options.emaDecay !== undefined,
      ...(this.target.joinBelow !== undefined && { joinBelow: this.target.joinBelow }),
      ...(options.maxNorm !== undefined && { maxNorm: options.maxNorm }),
      ...(options.emaDecay !== undefined && { emaDecay: options.emaDecay }),
    };
    this.#programs = new Programs(model, {
      trace,
      labelSmoothing: options.labelSmoothing ?? 0,
      ...(options.criterion && { loss: createLoss(options.criterion) }),
      ...preparation(this.target, precision, (node, reason) => {
        this.#declinesOf(this.#kind, this.target.prepare?.name)?.(node, reason);
      }),
      scalesLoss: precision === 'float16',
      update: this.#update,
    });
    const { params, buffers } = this.traced;
    this.initial = new InitialWeights([...params, ...buffers], options.seed ?? 0);
  }

  /** The network in evaluation. */
  get traced(): Traced {
    return this.#programs.network;
  }

  make(kinds: readonly ArtifactKind[]): Reusable {
    const made = kinds.map((kind) => [kind, this.#artifact(kind)] as const);
    const artifacts = Object.fromEntries(
      made.flatMap(([kind, { compiled }]) => (compiled ? [[kind, compiled]] : [])),
    );
    const infos = Object.fromEntries(made.map(([kind, { info }]) => [kind, info]));
    return { manifest: this.#manifest(infos), artifacts };
  }

  /** True if the weights are part of an artifact's graph. */
  holdsWeights(kind: ArtifactKind): boolean {
    if (kind === 'infer') return this.options.weightInputs !== true;
    return kind === 'forward' || kind === 'training-info';
  }

  /** The network in evaluation and, if one of `kinds` trains, in training, with all options that matter. */
  identity(kinds: readonly ArtifactKind[]): string {
    const trains = kinds.some((kind) => kind !== 'infer' && kind !== 'init');
    const networks = trains ? [this.traced, this.#programs.training] : [this.traced];
    const { name, block, costs } = this.target;
    const { optimizer, maxNorm, emaDecay, labelSmoothing, checkpointing, precision } = this.options;
    const { stepsPerRun, unrollSteps, foldBatchNorm: folds, imageFormat, modelPath } = this.options;
    const { criterion } = this.options;
    return JSON.stringify([
      ...[kinds, { name, block, costs }, this.opset, this.batch],
      { optimizer, maxNorm, emaDecay, labelSmoothing, checkpointing, precision },
      { stepsPerRun, unrollSteps, folds, imageFormat, modelPath, criterion },
      [this.model.name, this.model.input],
      networks.map(({ graph, imageShape, classes, params, buffers, noise, leastBatch }) => [
        printGraph(graph, { origins: true }),
        { imageShape, classes, params, buffers, noise, leastBatch },
      ]),
    ]);
  }

  #artifact(kind: ArtifactKind): Made {
    this.#kind = kind;
    switch (kind) {
      case 'init':
        return { info: this.#initInfo() };
      case 'infer':
        return this.#infer();
      case 'forward':
        return this.#forward();
      case 'grad':
        return this.#emit(kind, this.#programs.grad(), this.#recomputing());
      case 'update':
        return this.#emit(kind, this.#programs.update());
      case 'train':
        return this.#train();
      case 'training-info':
        return this.#trainingInfo();
    }
  }

  #infer(): Made {
    const program = this.#programs.infer();
    const fold = this.options.foldBatchNorm === true;
    return this.#emit('infer', program, {
      ...(this.options.weightInputs
        ? {}
        : { weights: this.#weights(), target: this.target.constantWeights ?? this.target }),
      ...(fold && { rewrite: foldBatchNorm }),
    });
  }

  #declinesOf(kind: ArtifactKind, pass = ''): OnDecline | undefined {
    const { onDecline } = this.options;
    return (
      onDecline &&
      ((node, reason) => {
        onDecline(kind, { node: nodeName(node), op: node.op.name, pass, reason });
      })
    );
  }

  #train(): Made {
    const program = this.#programs.train();
    const { stepsPerRun: steps = 1, unrollSteps: unrolled = false } = this.options;
    if (!Number.isInteger(steps) || steps < 1)
      throw new ConfigError(`stepsPerRun is ${steps}`, {
        code: 'steps',
        option: ['stepsPerRun'],
        hint: 'pass a whole number of at least 1',
      });
    const several = steps > 1 ? { steps: { steps, unrolled } } : {};
    return this.#emit('train', program, { ...this.#recomputing(), ...several });
  }

  #forward(): Made {
    const program = this.#programs.forward();
    const builder = new GraphBuilder({ opset: this.opset, name: `${this.model.name}-forward` });
    const masks = program.graph.inputs.filter(
      ({ name, value }) => program.inputInfo(name, value).role === 'noise',
    );
    return this.#emit('forward', program, {
      builder,
      target: forwardTarget(builder),
      weights: this.#weights(),
      omit: new Set(masks.map(({ name }) => name)),
    });
  }

  /** Weights stored in the graphs: the caller's, or the initial ones. */
  #weights(): ReadonlyMap<string, TensorData> {
    return this.options.weights ?? this.initial.held();
  }

  #trainingInfo(): Made {
    const kind = 'training-info';
    const weights = this.#weights();
    const inference = this.#programs.infer();
    const infer = this.#lower(kind, inference, { weights, keepUnread: true });
    const program = this.#programs.train();
    const train = this.#optimized(kind, program.graph);
    const { inputs, outputs } = describe(program, train);
    const { name } = this.model;
    const { opset, target } = this;
    const initial = this.initial.held();
    const request = { name, opset, target, inference: infer.onnx, train, inputs, outputs, initial };
    return this.#finish(kind, withTrainingInfo(request), { inputs, outputs });
  }

  #emit(kind: ArtifactKind, program: Program, options: Lowering = {}): Made {
    const { graph, onnx } = this.#lower(kind, program, options);
    const io = describe(program, graph, options.steps);
    const { weights, omit } = options;
    const inputs = io.inputs.filter(({ name }) => !(weights?.has(name) || omit?.has(name)));
    return this.#finish(kind, onnx, { ...io, inputs });
  }

  #recomputing(): Lowering {
    return this.options.checkpointing === true ? { rewrite: recomputeBlocks } : {};
  }

  #optimized(kind: ArtifactKind, graph: Graph): Graph {
    const { onPass } = this.options;
    onPass?.(kind, 'start', graph);
    const optimized = optimize(graph, {
      onPass: (pass, after) => onPass?.(kind, pass, after),
      declinesOf: (pass) => this.#declinesOf(kind, pass),
    });
    const { fuse } = this.target;
    const fused = fuse?.(optimized, this.#declinesOf(kind, fuse.name));
    if (fused) onPass?.(kind, 'fuse', fused);
    return fused ?? optimized;
  }

  #lower(
    kind: ArtifactKind,
    program: Program,
    options: Lowering,
  ): { readonly graph: Graph; readonly onnx: OnnxModel } {
    const { rewrite } = options;
    const onDecline = this.#declinesOf(kind, rewrite?.name);
    const rewritten = rewrite ? rewrite(program.graph, onDecline) : program.graph;
    const graph = this.#optimized(kind, rewritten);
    const builder =
      options.builder ??
      new GraphBuilder({ opset: this.opset, name: `${this.model.name}-${kind}` });
    const { weights, omit, keepUnread = false } = options;
    const onChoice = this.options.onChoice;
    const common = {
      target: options.target ?? this.target,
      ...(onChoice && { onChoice: (choice: Choice) => onChoice(kind, choice) }),
    };
    if (options.steps)
      lowerSteps(graph, builder, {
        ...common,
        ...options.steps,
        replaces: (output) => program.replacedBy(output),
        isFixed: (input) => !isGivenEachStep(program.inputRole(input)),
      });
    else
      lower(graph, builder, {
        ...common,
        keepUnread,
        ...(weights && { weights }),
        ...(omit && { omit }),
      });
    return { graph, onnx: builder.build({ docString: this.#docString(kind) }) };
  }

  #finish(kind: ArtifactKind, onnx: OnnxModel, io: Omit<ArtifactInfo, 'file'>): Made {
    const file = artifactFile(kind);
    assertValidModel(onnx, file);
    const written = writeModel(onnx, { externalName: `${file}.data` });
    return { info: { file, ...io }, compiled: { file, onnx: written } };
  }

  #docString(kind: ArtifactKind): string {
    return `${kind} graph of ${this.model.name}, compiled by Gradus`;
  }

  #initInfo(): ArtifactInfo {
    const outputs = weightsOf(this.traced).map(({ kind, name, shape }) => {
      const dtype = this.initial.info(name)?.dtype ?? 'float32';
      return { name, role: kind, param: name, dtype, shape };
    });
    return { file: artifactFile('init'), inputs: [], outputs };
  }

  #manifest(artifacts: Manifest['artifacts']): Manifest {
    const { optimizer } = this.#update;
    const trains = ['train', 'update'].some((kind) => kind in artifacts);
    return {
      format: 'gradus-manifest',
      version: 1,
      name: this.model.name,
      model: this.options.modelPath ?? this.model.name,
      architectureHash: architectureHash(this.traced),
      target: this.target.name,
      ...(this.target.block !== undefined && { block: this.target.block }),
      ...(this.target.costs !== undefined && { costs: this.target.costs }),
      opset: this.opset,
      batch: this.batch,
      classes: this.traced.classes,
      image: this.traced.imageShape,
      imageFormat: this.options.imageFormat ?? 'float32-nchw',
      view: viewOf(this.traced.imageShape, this.model.input, this.model.input.mean),
      optimizer: trains ? optimizer.kind : null,
      params: weightsOf(this.traced),
      artifacts,
    };
  }
}

/** Describes a graph's inputs and outputs, and the batch, for the manifest. */
function describe(
  program: Program,
  graph: Graph,
  several?: Lowering['steps'],
): Omit<ArtifactInfo, 'file'> {
  const { leastBatch } = program;
  const inPlace = overwritable(graph, (name) => program.replacedBy(name));
  const inputs = graph.inputs.map(({ name, value }) => program.inputInfo(name, value));
  const outputs = graph.outputs.map(({ name, value }) => ({
    ...program.outputInfo(name, value),
    ...(inPlace.has(name) && { inPlace: true }),
  }));
  const least = leastBatch > 1 ? { leastBatch } : {};
  if (several === undefined) return { ...least, inputs, outputs };
  const axis = several.unrolled ? several.steps : stepsSymbol;
  const stacked = (info: TensorInfo): TensorInfo => ({ ...info, shape: [axis, ...info.shape] });
  const carried = outputs.filter(({ replaces }) => replaces !== undefined);
  const results = outputs.filter(({ replaces }) => replaces === undefined);
  return {
    ...least,
    steps: several.steps,
    inputs: inputs.map((info) => (isGivenEachStep(info) ? stacked(info) : info)),
    outputs: [...carried, ...results.map(stacked)],
  };
}

interface Lowering {
  readonly builder?: GraphBuilder;
  readonly target?: Target;
  readonly weights?: ReadonlyMap<string, TensorData>;
  readonly omit?: ReadonlySet<string>;
  readonly keepUnread?: boolean;
  readonly rewrite?: (graph: Graph, onDecline?: OnDecline) => Graph;
  /** Several steps in one run. */
  readonly steps?: Pick<StepsOptions, 'steps' | 'unrolled'>;
}
