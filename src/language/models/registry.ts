import type { Model, NameSet } from '../nn/index.js';
import { efficientnet, shippedEfficientnets } from './efficientnet.js';
import { cifarResnet, resnet, shippedCifarDepths, shippedResnets } from './resnet.js';
import { wideResnet } from './wideResnet.js';

/** A model that comes with Gradus. */
export interface ShippedModel {
  readonly name: string;
  readonly model: Model;
  /** Whose names its parameters have. */
  readonly names: NameSet;
  /** The same network with the other set's names; undefined if both sets agree. */
  readonly renamed?: Model;
}

/** All models that come with Gradus. */
export const shippedModels: readonly ShippedModel[] = [
  ...shippedEfficientnets.map((options) => {
    const { name, names = 'timm' } = options;
    const other = names === 'timm' ? 'torchvision' : 'timm';
    return {
      name,
      model: efficientnet(options),
      names,
      renamed: efficientnet({ ...options, names: other }),
    };
  }),
  ...[
    ...shippedResnets.map(resnet),
    ...shippedCifarDepths.map((depth) => cifarResnet({ depth })),
    wideResnet({ depth: 28, width: 2 }),
  ].map((model) => ({ name: model.name, model, names: 'torchvision' as const })),
];

const byName = new Map(shippedModels.map((shipped) => [shipped.name, shipped]));

/** The shipped model of a name such as `efficientnet_b0`, or undefined. */
export function findShippedModel(name: string): ShippedModel | undefined {
  return byName.get(name);
}
