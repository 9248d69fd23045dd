import { expect } from 'vitest';
import { enterSite, leaveSite } from '../../src/compiler/trace/callSites.js';
import * as nn from '../../src/language/nn/index.js';
import type { Value } from '../../src/language/nn/index.js';
import { GradusError, invariant, ModelError } from '../../src/support/errors.js';

/** The line that a model's mistakes are made to come from. */
export const user = { file: 'my.model.ts', line: 7, column: 5 };

/** The error of a network whose build function runs `build` from one line of the user's file. */
export function errorOf(
  build: (x: Value) => Value,
  options: Partial<nn.TraceOptions> = {},
): ModelError {
  const model = nn.defineModel({
    name: 'net',
    input: nn.image(8, 14, 14),
    classes: 10,
    build: (x) => leaveSite(enterSite(user), build(x)),
  });
  const error = caught(() => nn.traceModel(model, { mode: 'train', batch: 'dynamic', ...options }));
  invariant(error instanceof ModelError, error.message);
  return error;
}

export function caught(run: () => unknown): GradusError {
  try {
    run();
  } catch (error) {
    if (error instanceof GradusError) return error;
    throw error;
  }
  return expect.fail('nothing was thrown');
}

/** Message and hint, as the terminal shows them. */
export const shown = (error: GradusError): string =>
  `${error.name} ${error.code}: ${error.message}\nhint: ${error.hint ?? ''}`;
