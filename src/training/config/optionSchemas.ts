/** Options, which lie as plain data beside what they are of, as the schemas of a config's keys. */
import { z } from 'zod';
import {
  optimizers,
  type FilledOptimizer,
  type OptimizerConfig,
} from '../../compiler/optim/index.js';
import { invariant } from '../../support/errors.js';
import type { NumberRange } from '../../support/optionRanges.js';
import type { Option, Options } from '../../support/options.js';

/** The schema of an option; what has no default must be given. */
function optionSchema(option: Option): z.ZodType {
  const { meaning, default: usual } = option;
  const described = plainSchema(option).describe(meaning);
  return usual === undefined ? described : described.default(usual);
}

function plainSchema(option: Option): z.ZodType {
  switch (option.type) {
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
    Object.entries(options).map(([name, option]) => [name, optionSchema(option)]),
  );
}

/** An optimizer as an object; one kind for each that there is. */
export function optimizerSchema(): z.ZodType<FilledOptimizer, OptimizerConfig> {
  const [first, ...others] = Object.values(optimizers).map(({ kind, meaning, options }) =>
    z.strictObject({ kind: z.literal(kind).describe(meaning), ...optionSchemas(options) }),
  );
  invariant(first, 'there is no optimizer');
  const any: z.ZodType = z.discriminatedUnion('kind', [first, ...others]);
  return any as z.ZodType<FilledOptimizer, OptimizerConfig>;
}
