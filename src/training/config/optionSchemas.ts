/** Options, which lie as plain data beside what they are of, as the schemas of a config's keys. */
import { z } from 'zod';
import {
  optimizers,
  type FilledOptimizer,
  type OptimizerConfig,
} from '../../compiler/optim/index.js';
import {
  lossNames,
  losses,
  type FilledLoss,
  type LossChoice,
  type LossName,
} from '../../compiler/losses/index.js';
import { inputNoises, type NoiseName } from '../../data/augment/imageNoise.js';
import type * as noises from '../../data/augment/noises.js';
import { invariant } from '../../support/errors.js';
import type { NumberRange } from '../../support/optionRanges.js';
import type { WrittenValue, Option, Options, OptionValue } from '../../support/options.js';

function plainSchema(option: Option): z.ZodType {
  switch (option.type) {
    case 'group':
      return z.strictObject(optionSchemas(option.options));
    case 'flag':
      return z.boolean();
    case 'number':
      return numberSchema(option);
    case 'pair':
      return pairSchema(numberSchema(option));
  }
}

function numberSchema({ whole, least, most, open }: NumberRange) {
  const any = whole ? z.int() : z.number();
  const above = open === 'least' || open === 'both' ? any.gt(least) : any.min(least);
  return open === 'most' || open === 'both' ? above.lt(most) : above.max(most);
}

/** The ends of a range. */
export function pairSchema(end: z.ZodNumber) {
  return z
    .tuple([end, end])
    .refine(([low, high]) => low <= high, 'expected the smaller number first');
}

function optionSchemas(options: Options): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => {
      const described = plainSchema(option).describe(option.meaning);
      return [name, described.default(option.default)];
    }),
  );
}

interface Kind {
  readonly kind: string;
  readonly meaning: string;
  readonly options: Options;
}

function kindSchema({ kind, meaning, options }: Kind) {
  return z.strictObject({ kind: z.literal(kind).describe(meaning), ...optionSchemas(options) });
}

/** An optimizer as an object; one kind for each that there is. */
export function optimizerSchema(): z.ZodType<FilledOptimizer, OptimizerConfig> {
  const [first, ...others] = Object.values(optimizers).map(kindSchema);
  invariant(first, 'no optimizer is registered');
  const any: z.ZodType = z.discriminatedUnion('kind', [first, ...others]);
  return any as z.ZodType<FilledOptimizer, OptimizerConfig>;
}

/** A loss by its name, or as an object; one kind for each that there is. */
export function lossSchema(): z.ZodType<LossName | FilledLoss, LossChoice> {
  const any: z.ZodType = z.union([z.enum(lossNames), ...Object.values(losses).map(kindSchema)]);
  return any as z.ZodType<LossName | FilledLoss, LossChoice>;
}

type NoiseOption<K extends NoiseName> = (typeof noises)[K]['option'];

/** The keys of input noise, each of which may be missing. */
export function inputNoiseSchemas() {
  const schemas: Partial<Record<NoiseName, z.ZodType>> = Object.fromEntries(
    inputNoises.map(([key, { option }]) => [
      key,
      plainSchema(option).optional().describe(option.meaning),
    ]),
  );
  return schemas as {
    readonly [K in NoiseName]: z.ZodOptional<
      z.ZodType<OptionValue<NoiseOption<K>>, WrittenValue<NoiseOption<K>>>
    >;
  };
}
