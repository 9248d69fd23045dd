import type { BenchMode } from '../../contract/choices.js';
import type { Model } from '../../compiler/trace/defineModel.js';
import type { OptimizerChoice } from '../../compiler/optim/index.js';
import {
  compileModel,
  type CompileModelOptions,
  type CompileResult,
} from '../../training/build/compileModel.js';
import { chooseDevice } from '../../runtime/machine/device.js';
import { deviceNamed } from '../../runtime/devices/lookup.js';
import type { DeviceChoice, DeviceName } from '../../runtime/machine/deviceNames.js';

/** Steps of a model to examine. */
export interface StepOptions extends Pick<
  CompileModelOptions,
  | 'size'
  | 'classes'
  | 'drop'
  | 'dropPath'
  | 'costs'
  | 'threads'
  | 'onPass'
  | 'precision'
  | 'stepsPerRun'
> {
  /** Default train. */
  readonly mode?: BenchMode | undefined;
  /** Images of a step; default 32. */
  readonly batch?: number | undefined;
  readonly device?: DeviceName | undefined;
  /** Gives training a graph for evaluations, too (default: false). */
  readonly evaluates?: boolean | undefined;
  /** Optimizer of training (default: RMSProp in TensorFlow's form with weight decay). */
  readonly optimizer?: OptimizerChoice | undefined;
}

/** Settings of training beside the forward and backward pass, unless others are asked for. */
const training = {
  optimizer: { kind: 'rmspropTf', weightDecay: 1e-5 },
  emaDecay: 0.9999,
} as const;

/** Compiles what a step runs, as training and labelling do; into a folder, if one is given. */
export async function compileStep(
  model: string | Model,
  options: StepOptions,
  out?: string,
): Promise<CompileResult & { readonly choice: DeviceChoice }> {
  const { mode = 'train', optimizer, batch = 32, evaluates, device: name, ...others } = options;
  const { stepsPerRun, precision, ...rest } = others;
  const choice = await chooseDevice(name, mode === 'train' ? precision : undefined);
  const device = deviceNamed(choice.device);
  const common = { ...rest, target: device.target, batch, out };
  const compiled =
    mode === 'train'
      ? await compileModel(model, {
          ...common,
          ...training,
          ...(optimizer && { optimizer }),
          precision,
          stepsPerRun: stepsPerRun ?? device.stepsPerRun,
          artifacts: [...(evaluates === true ? (['infer'] as const) : []), 'train', 'init'],
          weightInputs: true,
        })
      : await compileModel(model, {
          ...common,
          artifacts: ['infer'],
          foldBatchNorm: true,
          imageFormat: 'uint8-nhwc',
        });
  return { ...compiled, choice };
}
