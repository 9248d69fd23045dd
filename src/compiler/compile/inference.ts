import type { OpsetVersion } from '../../../generated/onnx/index.js';
import type { TensorInfo } from '../../contract/manifest.js';
import type { Model } from '../trace/defineModel.js';
import type { TraceOptions } from '../trace/traceModel.js';
import { GraphBuilder } from '../onnx/builder.js';
import type { OnnxModel } from '../onnx/model.js';
import { assertValidModel } from '../onnx/verify.js';
import { writeModel, type WrittenModel } from '../onnx/writer.js';
import { eliminateDeadCode } from '../passes/dce.js';
import { foldBatchNorm } from '../passes/foldBatchNorm.js';
import { foldWeights, type WeightSource } from '../passes/foldWeights.js';
import { mixedPrecision } from '../passes/mixedPrecision.js';
import { optimize } from '../passes/pipeline.js';
import { halveMatrices } from '../../support/halveMatrices.js';
import { lower } from '../targets/lower.js';
import { portable, type Target } from '../targets/target.js';
import { chooseOpset } from './precision.js';
import type { InferencePrecision } from '../../contract/precisions.js';
import { inferProgram } from './programs.js';

export interface InferenceRequest {
  /** Parameters and batch statistics by dotted name, all float32. */
  readonly weights: WeightSource;
  /** File name of the model; weights too big for it go into `<file>.data`. */
  readonly file: string;
  /** Default the target's own, else 21. */
  readonly opset?: OpsetVersion | undefined;
  /**
   * Number format of convolutions and matrix products (default: float32); scores are always
   * float32.
   */
  readonly precision?: InferencePrecision | undefined;
  readonly trace: Omit<TraceOptions, 'mode'>;
  /** Dropout and stochastic depth stay, as inputs that take masks. */
  readonly noised?: boolean | undefined;
  /** Stores kernels and matrices as float16, which the graph casts to float32 when it is loaded. */
  readonly float16?: boolean | undefined;
  /** Target that the graph is lowered for (default: portable). */
  readonly target?: Target | undefined;
  /** Facts for readers of the file. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Changes the model before it is checked and written. */
  readonly finish?: ((model: OnnxModel) => OnnxModel) | undefined;
}

export interface Inference {
  readonly onnx: WrittenModel;
  /** The image, and masks if it is noised. */
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Matrices that stay float32, since float16 ends at 65504. */
  readonly tooLarge: readonly string[];
}

/**
 * An inference graph with its weights inside, as small as it gets: batch normalisation is folded
 * into the convolutions and what depends on weights alone is computed now.
 */
export function compileInference(model: Model, request: InferenceRequest): Inference {
  const { file, trace, noised = false, precision = 'float32', target = portable } = request;
  const opset = chooseOpset(target, precision, request.opset);
  const program = inferProgram(model, { trace, noised });
  const single = foldBatchNorm(program.graph);
  // Casts of weights are among what is computed now.
  const compact = optimize(precision === 'float32' ? single : mixedPrecision(precision)(single));
  const folded = foldWeights({ graph: compact, weights: request.weights });
  const graph = eliminateDeadCode(folded.graph);
  const stored =
    request.float16 === true
      ? halveMatrices(folded.weights)
      : { tensors: folded.weights, tooLarge: [] };
  const builder = new GraphBuilder({ opset, name: model.name });
  lower(graph, builder, { target, weights: stored.tensors });
  const docString = `inference graph of ${model.name}, exported by Gradus`;
  const built = builder.build({ docString, metadata: request.metadata ?? {} });
  const onnx = request.finish?.(built) ?? built;
  assertValidModel(onnx, file);
  return {
    onnx: writeModel(onnx, { externalName: `${file}.data` }),
    inputs: graph.inputs
      .filter(({ name }) => !stored.tensors.has(name))
      .map(({ name, value }) => program.inputInfo(name, value)),
    outputs: graph.outputs.map(({ name, value }) => program.outputInfo(name, value)),
    tooLarge: stored.tooLarge,
  };
}
