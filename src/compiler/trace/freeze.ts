import { ConfigError } from '../../support/errors.js';
import { nearest } from '../../support/nearest.js';

/*
 * Frozen is a property of the trace. `freeze` names layers, blocks or parameters. Under such a name batch norms
 * are traced with their running statistics and noise is left out, as in evaluation; autodiff is not asked for
 * those gradients, so the backward pass ends at the lowest layer that trains, and neither optimizer state nor
 * an average is kept. A frozen parameter stays an input, so checkpoints fit; a reader of averages takes the
 * parameter itself. The hash of the architecture does not depend on it.
 */

/**
 * True if a dotted name is one of `prefixes` or below one: `blocks.1` covers `blocks.1.bn1`, not
 * `blocks.10`.
 */
export function isCovered(name: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => name === prefix || name.startsWith(`${prefix}.`));
}

/**
 * Throws a ConfigError if a prefix covers none of a network's parameters, with the nearest that
 * does, and if nothing would be left to train.
 */
export function checkFreeze(
  model: string,
  prefixes: readonly string[],
  params: readonly { readonly name: string; readonly frozen: boolean }[],
): void {
  const names = params.map(({ name }) => name);
  for (const prefix of prefixes) {
    if (names.some((name) => isCovered(name, [prefix]))) continue;
    const near = nearest(prefix, outerNames(names));
    throw new ConfigError(`freeze: ${model} has no parameters below ${JSON.stringify(prefix)}`, {
      code: 'freeze-unknown',
      option: ['freeze'],
      hint:
        near === undefined
          ? 'use dotted names of layers, as `gradus inspect MODEL` lists them'
          : `did you mean ${near}?`,
    });
  }
  if (prefixes.length > 0 && params.every(({ frozen }) => frozen))
    throw new ConfigError(`freeze: no parameter of ${model} is left to train`, {
      code: 'freeze-all',
      option: ['freeze'],
      hint: 'leave at least the last layer unfrozen',
    });
}

/** `a.b.weight` -> `a`, `a.b`, `a.b.weight`; of all names, each once. */
function outerNames(names: readonly string[]): Set<string> {
  return new Set(
    names.flatMap((name) => {
      const parts = name.split('.');
      return parts.map((_, i) => parts.slice(0, i + 1).join('.'));
    }),
  );
}
