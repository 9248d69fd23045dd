import type { LayerCall } from '../network.js';
import type { CallTable, Combination } from './combine.js';

const convNames = { timm: ['conv_reduce', 'conv_expand'], torchvision: ['fc1', 'fc2'] } as const;
const activations = ['relu', 'relu6', 'silu', 'hardSwish', 'sigmoid', 'tanh', 'gelu'];

/** x times a gate out of its mean over the map, by two 1x1 convolutions with the layer's names. */
export const squeeze: Combination = (last, calls) => {
  if (last.layer !== 'mul') return undefined;
  return gated(last, calls, 0) ?? gated(last, calls, 1);
};

function gated(last: LayerCall, calls: CallTable, side: 0 | 1): ReturnType<Combination> {
  const gate = calls.only(last, side, 'sigmoid', 'hardSigmoid');
  const expand = calls.only(gate, 0, 'conv2d');
  const act = calls.only(expand, 0, ...activations);
  const reduce = calls.only(act, 0, 'conv2d');
  const pool = calls.only(reduce, 0, 'globalAvgPool');
  const [x] = pool?.args ?? [];
  const other = last.args[1 - side];
  if (!gate || !expand || !act || !reduce || pool?.options['keepDims'] !== true) return undefined;
  if (x === undefined || JSON.stringify(x) !== JSON.stringify(other)) return undefined;
  const reduced = reduce.options['out'];
  const names = namesOf(reduce, expand);
  if (names === undefined || !isPointwise(reduce) || !isPointwise(expand) || reduced === undefined)
    return undefined;
  const weights = [reduce, expand].flatMap(({ weights, path }) =>
    weights.map((weight) => ({ ...weight, local: `${path.at(-1) ?? ''}.${weight.local}` })),
  );
  const options = {
    reduced,
    ...(act.layer === 'silu' ? {} : { act: { named: act.layer } }),
    ...(gate.layer === 'sigmoid' ? {} : { gate: { named: gate.layer } }),
    ...(names === 'timm' ? {} : { names }),
  };
  const path = reduce.path.slice(0, -1);
  return {
    call: { ...last, layer: 'squeezeExcite', args: [x], options, weights, path },
    instead: [pool, reduce, act, expand, gate, last],
  };
}

function isPointwise({ options, weights }: LayerCall): boolean {
  const { out, kernel, ...others } = options;
  return (
    out !== undefined && kernel === 1 && Object.keys(others).length === 0 && weights.length === 2
  );
}

/** The set of names that two convolutions of one module have. */
function namesOf(reduce: LayerCall, expand: LayerCall): keyof typeof convNames | undefined {
  const [outer, other] = [reduce, expand].map(({ path }) => path.slice(0, -1).join('.'));
  if (outer === '' || outer !== other) return undefined;
  const own = [reduce.path.at(-1), expand.path.at(-1)].join();
  return (['timm', 'torchvision'] as const).find((names) => convNames[names].join() === own);
}
