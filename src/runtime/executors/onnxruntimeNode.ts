import {
  env,
  InferenceSession,
  listSupportedBackends,
  Tensor as OrtTensor,
} from './onnxruntime.js';
import {
  ArtifactError,
  DeviceError,
  type GradusError,
  InternalError,
  type SourceLocation,
} from '../../support/errors.js';
import { call, option, optionOf, phrase } from '../../support/phrase.js';
import { hostDevice } from '../devices/index.js';
import { deviceNamed, onHost, staysOnDevice } from '../devices/lookup.js';
import type {
  Executor,
  Feeds,
  Fetches,
  HostTensor,
  ModelOptions,
  OnnxSource,
  Results,
  Session,
  Tensor,
} from '../engine/executor.js';
import { messageOf } from '../storage/fileErrors.js';
import { countNodes, nodeSource } from './onnxFile.js';
import { fence, isFence, withFence } from './resultFence.js';

// Its messages reach the user once, as errors of ours; not a second time on standard error.
env.logLevel = 'fatal';

/** Settings of an executor's sessions. */
export interface SessionOptions {
  /** Execution providers in order of preference, such as `['webgpu', 'cpu']`; default cpu. */
  readonly providers?: readonly string[];
  /** Threads of one operator; default onnxruntime's choice. */
  readonly threads?: number;
  /** Default: by the number of nodes, and `disabled` for a training graph on the CPU. */
  readonly graphOptimization?: GraphOptimization;
  /** Default true; false saves memory if activations are big. */
  readonly memPattern?: boolean;
  /** Start of the path of a file that takes the time of each node, when a session is released; slows runs. */
  readonly profile?: string;
  /**
   * Makes it an error if only the CPU could run some node, although another provider is wanted
   * (default: false).
   */
  readonly strict?: boolean;
}

export type GraphOptimization = 'disabled' | 'basic' | 'extended' | 'all';

/**
 * Above this many nodes `all` takes longer to load than it saves: 20,000 nodes load in 1.4 s
 * (`basic`: 0.6 s), 80,000 in 25 s (3.8 s).
 */
const nodesForAll = 20_000;

/**
 * Chooses how much onnxruntime should optimize. In our training graphs it finds nothing
 * (EfficientNet-B0 and ResNet-50 take the same time per step at every level), and each of its
 * passes sorts the graph in time proportional to its nodes times those that read inputs alone, of
 * which there are several for each parameter: B0 loads in 0.3 s against 1.3 s, a ResNet of 302
 * layers in 2.4 s against 50 s.
 */
export function chooseOptimization(nodes: number, training: boolean): GraphOptimization {
  if (training) return 'disabled';
  return nodes <= nodesForAll ? 'all' : 'basic';
}

/** True if a provider's training graphs are lowered for it, so that nothing is left to optimize. */
function isSpelledFor(provider: string): boolean {
  const target = deviceNamed(provider)?.target ?? 'portable';
  return target !== 'portable';
}

/** A provider with what its device asks of it. */
function providerSettings(name: string): InferenceSession.ExecutionProviderConfig {
  return { name, ...deviceNamed(name)?.session.provider };
}

/** Configuration entries of a session beside its options. */
function configEntries(providers: readonly string[], strict = false) {
  const disabled = providers.flatMap((name) => deviceNamed(name)?.session.disabledOptimizers ?? []);
  return {
    ...(strict && { session: { disable_cpu_ep_fallback: '1' } }),
    ...(disabled.length > 0 && {
      optimization: { disable_specified_optimizers: disabled.join(';') },
    }),
  };
}

/** Names of the execution providers that this build of onnxruntime-node knows. */
export function availableProviders(): string[] {
  return listSupportedBackends().map(({ name }) => name);
}

/** onnxruntime's tensors on arrays of ours, which are fed step after step. */
const ortTensors = new WeakMap<HostTensor, OrtTensor>();

/** The tensor that onnxruntime takes for one of ours, on the same memory. */
function ortTensor(tensor: Tensor): OrtTensor {
  if (tensor instanceof OrtTensor) return tensor;
  if (!('data' in tensor))
    throw new InternalError('a tensor of another executor', { code: 'foreign-tensor' });
  const known = ortTensors.get(tensor);
  if (known) return known;
  const made = tensorOn(tensor);
  ortTensors.set(tensor, made);
  return made;
}

function tensorOn({ dtype, data, shape }: HostTensor): OrtTensor {
  const dims = [...shape];
  if (dtype === 'bool' && data instanceof Uint8Array) return new OrtTensor('bool', data, dims);
  if (dtype === 'float16' && data instanceof Uint16Array) return halfTensor(data, dims);
  if (dtype === 'bfloat16')
    throw new InternalError('onnxruntime-node takes no bfloat16 tensors', { code: 'dtype' });
  if (data instanceof Float32Array) return new OrtTensor('float32', data, dims);
  if (data instanceof Float64Array) return new OrtTensor('float64', data, dims);
  if (data instanceof BigInt64Array) return new OrtTensor('int64', data, dims);
  if (data instanceof Int32Array) return new OrtTensor('int32', data, dims);
  if (data instanceof Uint8Array) return new OrtTensor('uint8', data, dims);
  throw new InternalError(`no tensor of ${dtype} on this array`, { code: 'dtype' });
}

/**
 * A float16 tensor whose numbers are seen as 16-bit integers. Where JavaScript has a Float16Array (Node 24
 * and later), onnxruntime-node 1.29 puts one on the same memory, and its native half, which is older than
 * that class, then takes the tensor for empty ("not enough space: expected 2, got 0").
 */
function halfTensor(data: Uint16Array, dims: readonly number[]): OrtTensor {
  const tensor = new OrtTensor('float16', data, dims);
  // The native half reads this property; own ones come before those of the class.
  return tensor.data === data ? tensor : Object.defineProperty(tensor, 'data', { value: data });
}

/** Feeds and fetches as onnxruntime takes them: whoever runs steps gives the same records again and again. */
const ortRecords = new WeakMap<object, Record<string, OrtTensor>>();

function ortTensorsOf(tensors: Readonly<Record<string, Tensor>>): Record<string, OrtTensor> {
  // To make a record anew takes a fifth of a microsecond a tensor, to go through one a thirtieth.
  const made = ortRecords.get(tensors) ?? {};
  ortRecords.set(tensors, made);
  for (const name in tensors) {
    const tensor = tensors[name];
    if (tensor) made[name] = ortTensor(tensor);
  }
  return made;
}

/** Runs models by onnxruntime-node. Runs block the thread. */
export function onnxruntimeNode(options: SessionOptions = {}): Executor {
  return {
    staysOnDevice: staysOnDevice(options),
    create: (source, model) => NodeSession.create(source, options, model),
  };
}

class NodeSession implements Session {
  /** True if results are written into tensors of ours without a copy beside. */
  readonly #fenced: boolean;

  private constructor(
    private readonly session: InferenceSession,
    private readonly source: OnnxSource,
  ) {
    this.#fenced = session.outputNames.includes(fence);
  }

  static async create(
    source: OnnxSource,
    options: SessionOptions,
    model: ModelOptions = {},
  ): Promise<NodeSession> {
    const providers = options.providers ?? [hostDevice.name];
    requireProviders(providers);
    const [provider = hostDevice.name] = providers;
    const label = model.label ?? (typeof source === 'string' ? source : 'the model');
    const training = model.training === true && isSpelledFor(provider);
    const level = options.graphOptimization ?? chooseOptimization(countNodes(source), training);
    const settings: InferenceSession.SessionOptions = {
      executionProviders: providers.map(providerSettings),
      graphOptimizationLevel: level,
      enableMemPattern: options.memPattern ?? true,
      logSeverityLevel: 4,
      ...(options.threads !== undefined && { intraOpNumThreads: options.threads }),
      ...(options.profile !== undefined && {
        enableProfiling: true,
        profileFilePrefix: options.profile,
      }),
      extra: configEntries(providers, options.strict),
      ...(model.results === 'device' && { preferredOutputLocation: 'gpu-buffer' }),
    };
    // A sequence lies in the host's memory, and no other provider could be kept to itself.
    const loaded = (training && onHost({ providers }) ? withFence(source) : undefined) ?? source;
    try {
      const session =
        typeof loaded === 'string'
          ? await InferenceSession.create(loaded, settings)
          : await InferenceSession.create(loaded, settings);
      return new NodeSession(session, source);
    } catch (error) {
      throw loadError(error, provider, label);
    }
  }

  get inputNames(): readonly string[] {
    return this.session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.session.outputNames.filter((name) => name !== fence);
  }

  async run(feeds: Feeds, fetches: Fetches): Promise<void> {
    const [given, wanted] = [ortTensorsOf(feeds), ortTensorsOf(fetches)];
    try {
      await this.session.run(given, this.#fenced ? { [fence]: null, ...wanted } : wanted);
    } catch (error) {
      if (!this.#fenced || !isFence(error)) throw runError(error, this.source);
    }
  }

  async compute(feeds: Feeds, outputs: readonly string[]): Promise<Results> {
    const given = ortTensorsOf(feeds);
    try {
      const results = await this.session.run(given, [...outputs]);
      return results;
    } catch (error) {
      throw runError(error, this.source);
    }
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

function runError(cause: unknown, source: OnnxSource): GradusError {
  const message = messageOf(cause);
  const node = /while running (\S+) node\. Name:'([^']*)'/.exec(message);
  if (!node)
    return new DeviceError(`onnxruntime failed: ${message}`, { code: 'run-failed', cause });
  const [, operator, name = ''] = node;
  const place = nodeSource(source, name);
  const detail = /Status Message: ([\s\S]*)$/.exec(message)?.[1] ?? message;
  return new DeviceError(`onnxruntime failed in ${operator} (node ${name}): ${detail.trim()}`, {
    code: 'node-failed',
    where: place === undefined ? name : locationOf(place),
    cause,
  });
}

function locationOf(text: string): SourceLocation | string {
  const [, file, line, column] = /^(.+):(\d+):(\d+)$/.exec(text) ?? [];
  return file === undefined ? text : { file, line: Number(line), column: Number(column) };
}

function requireProviders(providers: readonly string[]): void {
  const available = availableProviders();
  const unknown = providers.find((name) => !available.includes(name));
  if (unknown === undefined) return;
  throw new DeviceError(`unknown execution provider ${unknown}`, {
    code: 'unknown-provider',
    where: unknown,
    hint: `this onnxruntime-node has: ${available.join(', ')}`,
  });
}

/** Messages of onnxruntime about a provider that it cannot use. */
const providerFailure = /AppendExecutionProvider|no available backend/;

function failedToStart(provider: string, message: string): boolean {
  if (onHost({ providers: [provider] })) return false;
  const { loadFailure } = deviceNamed(provider) ?? {};
  return providerFailure.test(message) || loadFailure?.test(message) === true;
}

function loadError(cause: unknown, provider: string, label: string): GradusError {
  const message = messageOf(cause).trim();
  if (
    /protobuf parsing failed|model data pointer is null|ModelProto does not have a graph/i.test(
      message,
    )
  )
    return new ArtifactError(`${label} is not an ONNX model, or was cut short`, {
      code: 'onnx-unreadable',
      where: label,
      hint: phrase`compile the model again: ${call('compileModel', 'MODEL', { out: 'DIR' })}`,
      cause,
    });
  if (/File doesn't exist/.test(message))
    return new ArtifactError(`${label} does not exist`, {
      code: 'missing-file',
      where: label,
      cause,
    });
  if (/fallback to CPU EP has been explicitly disabled/.test(message))
    return new ArtifactError(`${label} has nodes that execution provider ${provider} cannot run`, {
      code: 'provider-lacks-node',
      where: label,
      hint: phrase`compile it with ${optionOf('compileModel', 'target', deviceNamed(provider)?.target ?? provider)}, or use ${option('device', hostDevice.name)}`,
      cause,
    });
  if (failedToStart(provider, message))
    return new DeviceError(`execution provider ${provider} cannot be used: ${message}`, {
      code: 'provider-failed',
      where: provider,
      hint: phrase`run gradus devices to see what can run here; ${option('device', hostDevice.name)} always works`,
      cause,
    });
  return new ArtifactError(`onnxruntime refuses ${label}: ${message}`, {
    code: 'onnx-refused',
    where: label,
    cause,
  });
}
