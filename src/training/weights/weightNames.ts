import { nameSets, type NameSet } from '../../contract/choices.js';
import { parameterNames } from '../../language/models/names.js';
import { findShippedModel, type ShippedModel } from '../../language/models/registry.js';
import { ConfigError } from '../../support/errors.js';
import { option, phrase } from '../../support/phrase.js';
import type { LoadedModel } from '../../language/frontend/loadModel.js';

/** A name set, or a function from a model's own dotted name to the file's. */
export type NameOption = NameSet | ((name: string) => string);

/**
 * From a model's own names of parameters and batch statistics to those of a file. Throws a
 * ConfigError for a set of names of a model that is not shipped, which has none but its own.
 */
export function namesOf(
  loaded: LoadedModel,
  names: NameOption | undefined,
): (name: string) => string {
  if (names === undefined) return (name) => name;
  if (typeof names === 'function') return names;
  const shipped = shippedOf(loaded);
  if (shipped === undefined)
    throw new ConfigError(`${loaded.model.name} does not have ${names} names`, {
      code: 'names',
      option: ['names'],
      hint: phrase`leave ${option('names')} out to use the names of your model: only shipped models have two sets of names`,
    });
  const table = parameterNames(shipped, names);
  return (name) => table.get(name) ?? name;
}

/** The set of names by which a file has most of a model's weights, if that is one of the two. */
export function likelyNames(
  loaded: LoadedModel,
  has: (name: string) => boolean,
): NameSet | undefined {
  const shipped = shippedOf(loaded);
  if (shipped === undefined) return undefined;
  const counts = nameSets.map((set) => {
    const table = parameterNames(shipped, set);
    return { set, share: [...table.values()].filter(has).length / table.size };
  });
  return counts.find(({ share }) => share > 0.5)?.set;
}

/**
 * Warns about weights by a set's names in a model: torchvision's larger EfficientNets have another
 * epsilon in batch norm than timm's of the same name.
 */
export function nameWarnings(model: string, names: NameOption | undefined): string[] {
  const better = /^(?:tf_)?efficientnet_(?<scale>b[567])$/.exec(model)?.groups?.['scale'];
  if (better === undefined || names !== 'torchvision') return [];
  return [
    `torchvision's ${better} was trained with an epsilon of 1e-3 in batch norm, unlike ${model}: its scores differ by about 1e-3; tv_efficientnet_${better} is its own network`,
  ];
}

function shippedOf({ model }: LoadedModel): ShippedModel | undefined {
  const shipped = findShippedModel(model.name);
  // Its images may be given otherwise.
  return shipped?.model.build === model.build ? shipped : undefined;
}
