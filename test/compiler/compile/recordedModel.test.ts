import { describe, expect, it, vi } from 'vitest';
import { architectureHash } from '../../../src/compiler/compile/architecture.js';
import {
  recordedModel,
  recordModel,
  recordSchema,
} from '../../../src/compiler/compile/recordedModel.js';
import { printGraph } from '../../../src/compiler/ir/print.js';
import { shippedModels } from '../../../src/language/models/registry.js';
import { traceModel, type TraceOptions } from '../../../src/compiler/trace/traceModel.js';
import { findOp } from '../../../src/compiler/ops/registry.js';
import { isModel, type Model } from '../../../src/compiler/trace/defineModel.js';
import { conformance } from '../../conformance/tables/index.js';

type Options = Partial<TraceOptions>;

/** With layer norms, products and transposes, which the shipped networks have not. */
vi.mock('gradus', () => import('../../../src/language/nn/index.js'));
const loaded: unknown = (await import('../../../examples/mlp-mixer/mixer.model.js')).default;
if (!isModel(loaded)) throw new Error('the mixer is not a model');
const mixer = loaded;

/** The network that a model traces to, and the one that its record replays after a trip through JSON. */
function both(model: Model, recorded: Options, traced: Options = {}) {
  const record = recordModel(model, recorded);
  const read = recordSchema.parse(JSON.parse(JSON.stringify(record)));
  const options = { mode: 'eval', batch: 'dynamic', ...recorded, ...traced } as const;
  return [model, recordedModel(read, 'architecture.json')].map((own) => {
    const network = traceModel(own, options);
    return { graph: printGraph(network.graph), hash: architectureHash(network) };
  });
}

describe('a network recorded as data', () => {
  const small = shippedModels.filter(({ name }) =>
    /^(?:efficientnet_b0|tv_efficientnet_b0|wrn_28_2|resnet50)$/.test(name),
  );

  it.each([...small.map(({ model }) => model), mixer])('replays the graph of $name', (model) => {
    const [written, replayed] = both(model, {});
    expect(replayed).toEqual(written);
  });

  it('replays other classes and images, fixed batches and 8-bit images', () => {
    const model = small[0]?.model ?? mixer;
    const [channels] = model.input.shape;
    for (const traced of [{ batch: 4 }, { imageFormat: 'uint8-nhwc' }] as const) {
      const [written, replayed] = both(model, { classes: 7, image: [channels, 64, 64] }, traced);
      expect(replayed).toEqual(written);
    }
  });

  it('is not used for another image, for other classes, or to train', () => {
    const model = recordedModel(recordModel(mixer, {}), 'architecture.json');
    const trace = (options: Options) => () =>
      traceModel(model, { mode: 'eval', batch: 'dynamic', ...options });
    const needsFile = expect.objectContaining({ code: 'recorded-model' });
    expect(trace({ classes: 3 })).toThrow(needsFile);
    expect(trace({ image: [3, 8, 8] })).toThrow(needsFile);
    expect(trace({ mode: 'train' })).toThrow(needsFile);
  });

  it('is refused where it is damaged', () => {
    const record = recordModel(mixer, {});
    const [first, ...rest] = record.nodes;
    const broken = [
      { ...record, nodes: rest },
      { ...record, logits: 10 ** 6 },
      { ...record, nodes: [['execute', '', [0], {}] as const, ...record.nodes] },
      { ...record, nodes: [[first?.[0] ?? '', '', [], {}] as const, ...rest] },
      { ...record, weights: [...record.weights, ...record.weights] },
    ];
    for (const own of broken)
      expect(() =>
        traceModel(recordedModel(own as typeof record, 'architecture.json'), {
          mode: 'eval',
          batch: 'dynamic',
        }),
      ).toThrow(/architecture.json|logits/);
  });

  it('knows every primitive by its name', () => {
    for (const { op } of conformance) expect(findOp(op.name)?.name).toBe(op.name);
  });
});
