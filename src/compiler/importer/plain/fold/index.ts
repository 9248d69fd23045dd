/** Evaluators of operators whose operands are all constant, in their newest form. */
import { quantising } from '../quantised.js';
import { arithmetic } from './arithmetic.js';
import type { Evaluators } from './context.js';
import { moves } from './moves.js';

export const evaluators: Evaluators = { ...moves, ...arithmetic, ...quantising };
