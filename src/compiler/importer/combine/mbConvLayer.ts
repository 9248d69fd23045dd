import { literalEquals } from '../literals.js';
import type { Argument, ImportedWeight, LayerCall, Literal } from '../network.js';
import type { CallTable, Combination } from './combine.js';

/** A convolution with its normalisation. */
interface Normed {
  readonly conv: LayerCall;
  readonly norm: LayerCall;
}

/** The parts of EfficientNet's block, the last first as they are found. */
interface Parts {
  readonly project: Normed;
  readonly gate: LayerCall | undefined;
  readonly act: LayerCall;
  readonly filter: Normed;
  readonly expandAct: LayerCall | undefined;
  readonly expand: Normed | undefined;
  readonly input: Argument;
}

/** Expansion, depthwise convolution, gate and projection with the names of timm's or torchvision's blocks are mbConv. */
export const mbConvLayer: Combination = (last, calls) => {
  const sides = last.layer === 'add' ? ([0, 1] as const) : [];
  for (const side of sides) {
    const norm = calls.only(last, side, 'batchNorm');
    const found = norm && block(norm, calls);
    const combined = found && combinedOf(found, last, last.args[1 - side]);
    if (combined) return combined;
  }
  const found = last.layer === 'batchNorm' ? block(last, calls) : undefined;
  return found && combinedOf(found, last);
};

function block(norm: LayerCall, calls: CallTable): Parts | undefined {
  const project = normed(norm, calls, 'conv2d');
  const gate = calls.only(project?.conv, 0, 'squeezeExcite');
  const act = calls.only(gate ?? project?.conv, 0, 'silu', 'relu', 'relu6', 'hardSwish');
  const filter = act && normed(calls.only(act, 0, 'batchNorm'), calls, 'depthwise');
  if (!project || !act || !filter) return undefined;
  const expandAct = calls.only(filter.conv, 0, act.layer);
  const expand = expandAct && normed(calls.only(expandAct, 0, 'batchNorm'), calls, 'conv2d');
  const [input] = (expand ?? filter).conv.args;
  return input && { project, gate, act, filter, expandAct: expand && expandAct, expand, input };
}

function normed(norm: LayerCall | undefined, calls: CallTable, layer: string): Normed | undefined {
  const conv = calls.only(norm, 0, layer);
  return norm && conv?.options['bias'] === false ? { conv, norm } : undefined;
}

/** What stands before the depthwise convolution may be another layer's, such as a stem. */
function combinedOf(parts: Parts, last: LayerCall, added?: Argument): ReturnType<Combination> {
  const [input = parts.input] = parts.filter.conv.args;
  const narrow = { ...parts, expand: undefined, expandAct: undefined, input };
  return written(parts, last, added) ?? (parts.expand && written(narrow, last, added));
}

/** `added` is what the block's result is added to; the layer adds its input where the shape stays, and only there. */
function written(parts: Parts, last: LayerCall, added?: Argument): ReturnType<Combination> {
  const isInput = added !== undefined && JSON.stringify(added) === JSON.stringify(parts.input);
  if (keepsShape(parts) ? !isInput : added !== undefined) return undefined;
  const { project, gate, act, filter, expand, expandAct, input } = parts;
  const convs = [...(expand ? [expand] : []), filter, project];
  const channels = inputChannels(parts);
  const named = namesOf(parts);
  const options = optionsOf(parts, channels);
  if (named === undefined || options === undefined) return undefined;
  const members = convs.flatMap(({ conv, norm }) => [conv, norm]);
  const all = [...members, ...(gate ? [gate] : []), act, ...(expandAct ? [expandAct] : [])];
  const { path, names } = named;
  const weights = [...members, ...(gate ? [gate] : [])].flatMap((call) => within(call, path));
  return {
    call: {
      ...last,
      layer: 'mbConv',
      args: [input],
      options: { ...options, ...(names === 'timm' ? {} : { names }) },
      weights,
      path,
    },
    instead: [...all, ...(all.includes(last) ? [] : [last])],
  };
}

function inputChannels({ expand, filter }: Parts): number {
  const shape = (call: LayerCall): readonly number[] => call.weights[0]?.tensor.shape ?? [];
  return (expand ? shape(expand.conv)[1] : shape(filter.conv)[0]) ?? NaN;
}

function keepsShape(parts: Parts): boolean {
  const { stride = 1 } = parts.filter.conv.options;
  return stride === 1 && parts.project.conv.options['out'] === inputChannels(parts);
}

/** Weights with names below a module. */
function within({ path, weights }: LayerCall, module: readonly string[]): ImportedWeight[] {
  const inner = path.slice(module.length);
  return weights.map((weight) => ({ ...weight, local: [...inner, weight.local].join('.') }));
}

/** The module that all parts lie in, and whose names they have. */
function namesOf({
  project,
  gate,
  filter,
  expand,
}: Parts):
  { readonly path: readonly string[]; readonly names: 'timm' | 'torchvision' } | undefined {
  const members = [...(expand ? [expand] : []), filter, project];
  const first = (expand ?? filter).conv.path;
  const wanted = {
    timm: expand
      ? ['conv_pw', 'bn1', 'conv_dw', 'bn2', 'conv_pwl', 'bn3']
      : ['conv_dw', 'bn1', 'conv_pw', 'bn2'],
    torchvision: members.flatMap((_, i) => {
      const at = i === members.length - 1 && gate ? i + 1 : i;
      return [`block.${at}.0`, `block.${at}.1`];
    }),
  };
  for (const names of ['timm', 'torchvision'] as const) {
    const path = first.slice(0, names === 'timm' ? -1 : -3);
    const expected = [...wanted[names], ...gateName(names, members.length, gate)];
    const own = [...members.flatMap(({ conv, norm }) => [conv, norm]), ...(gate ? [gate] : [])];
    const fits = own.every(
      (call, i) => call.path.join('.') === [...path, expected[i] ?? ''].join('.'),
    );
    if (path.length > 0 && fits && (gate?.options['names'] ?? 'timm') === (gate ? names : 'timm'))
      return { path, names };
  }
  return undefined;
}

function gateName(
  names: 'timm' | 'torchvision',
  members: number,
  gate: LayerCall | undefined,
): string[] {
  if (gate === undefined) return [];
  return [names === 'timm' ? 'se' : `block.${members - 1}`];
}

function optionsOf(parts: Parts, channels: number): Record<string, Literal> | undefined {
  const { project, gate, act, filter, expand } = parts;
  const norms = [...(expand ? [expand] : []), filter, project].map(({ norm }) => norm);
  const [first] = norms;
  const { kernel = 3, stride = 1, padding = 0, dilation } = filter.conv.options;
  const out = project.conv.options['out'];
  const wide = Number(expand?.conv.options['out'] ?? channels);
  const alike = norms.every(({ options }) =>
    literalEquals({ group: options }, { group: first?.options ?? {} }),
  );
  const pointwise = [expand, project].every((part) => !part || isPointwise(part.conv));
  const symmetric =
    typeof kernel === 'number' && typeof stride === 'number'
      ? Math.floor((kernel - 1 + stride - 1) / 2)
      : NaN;
  if (out === undefined || !alike || !pointwise || dilation !== undefined) return undefined;
  if (!Number.isInteger(wide / channels) || (expand !== undefined && wide === channels))
    return undefined;
  const ratio = ratioOf(gate, channels, act.layer);
  if (ratio === undefined || typeof stride !== 'number') return undefined;
  return {
    out,
    expand: wide / channels,
    kernel,
    ...(stride === 1 ? {} : { stride }),
    ...(padding === symmetric ? {} : { padding }),
    ...(ratio === 0.25 ? {} : { seRatio: ratio }),
    ...(act.layer === 'silu' ? {} : { act: { named: act.layer } }),
    ...(Object.keys(first?.options ?? {}).length === 0
      ? {}
      : { norm: { group: first?.options ?? {} } }),
  };
}

function isPointwise({ options }: LayerCall): boolean {
  const { out, kernel, bias, ...others } = options;
  return out !== undefined && kernel === 1 && bias === false && Object.keys(others).length === 0;
}

/** The share of the input's channels that the gate reduces to; undefined if the layer's gate is another. */
function ratioOf(gate: LayerCall | undefined, channels: number, act: string): number | undefined {
  if (gate === undefined) return 0;
  const { reduced, act: own = { named: 'silu' }, gate: end } = gate.options;
  if (end !== undefined || !literalEquals(own, { named: act }) || typeof reduced !== 'number')
    return undefined;
  const ratio = [0.25, reduced / channels].find(
    (share) => Math.max(1, Math.floor(channels * share)) === reduced,
  );
  return ratio;
}
