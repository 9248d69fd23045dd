import type { Graph } from '../ir/graph.js';
import type { OnDecline } from '../ir/rewrite.js';
import { verifyGraph } from '../ir/verify.js';
import { eliminateCommonSubexpressions } from './cse.js';
import { eliminateDeadCode } from './dce.js';
import { foldConstants } from './fold.js';
import { simplify } from './simplify.js';

export interface OptimizeOptions {
  /** Check the graph after each pass; for tests and for hunting a fault. */
  readonly verify?: boolean;
  /** Gets the graph after each pass, for dumps. */
  readonly onPass?: (name: string, graph: Graph) => void;
  /** Listener for nodes that a pass declined to rewrite, with the reason. */
  readonly declinesOf?: (pass: string) => OnDecline | undefined;
}

type Pass = readonly [name: string, run: (graph: Graph, onDecline?: OnDecline) => Graph];

/*
 * Each pass is one sweep in the order of the nodes and sees its operands already rewritten, so a
 * chain collapses in one sweep and nothing has to run twice:
 * - dead code goes first, since autodiff leaves gradients that nobody asked for, and the rest need
 *   not look at it;
 * - folding comes before simplification, whose rules look for constants;
 * - simplification comes before common subexpressions, since it brings equal things to equal form;
 * - what the three have cut loose goes last.
 */
const passes: readonly Pass[] = [
  ['dce', eliminateDeadCode],
  ['fold', foldConstants],
  ['simplify', simplify],
  ['cse', eliminateCommonSubexpressions],
  ['dce', eliminateDeadCode],
];

/** Runs the passes that every artifact goes through; time is linear in the number of nodes. */
export function optimize(
  graph: Graph,
  { verify = false, onPass, declinesOf }: OptimizeOptions = {},
): Graph {
  if (verify) verifyGraph(graph);
  return passes.reduce((before, [name, run]) => {
    const after = run(before, declinesOf?.(name));
    if (verify) verifyGraph(after);
    onPass?.(name, after);
    return after;
  }, graph);
}
