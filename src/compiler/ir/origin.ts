import type { SourceLocation } from '../../support/errors.js';

/*
 * Errors lead back to the user's line. A type rule throws a `TypeFault` without knowing where it is; `Graph.add`
 * adds the user's call site and where each operand was made. The same site is written into each ONNX node
 * (`metadata_props` from IR version 10, `doc_string` below).
 */

/** A call in the user's source, with the text of its arguments as written there. */
export interface CallSite extends SourceLocation {
  readonly args?: readonly string[];
}

/** Origin of a node: names the part of the network and the user's line. */
export interface Origin {
  /** Dotted name of the enclosing layer, as in PyTorch's state_dict; empty at the top. */
  readonly scope: string;
  /** The innermost call in the user's source that made it. */
  readonly site?: CallSite | undefined;
  /** Part of the program: the network, its gradient, or the optimizer. */
  readonly phase: 'forward' | 'backward' | 'update';
}

export const noOrigin: Origin = { scope: '', phase: 'forward' };

/** `my.model.ts:31:14` */
export function formatSite(site: SourceLocation): string {
  return `${site.file}:${site.line}:${site.column}`;
}
