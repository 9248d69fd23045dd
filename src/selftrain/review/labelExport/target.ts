import type { LabelOrigin } from '../../labels/labelStore.js';

/** An image with its label; one object, which the next row overwrites. */
export interface ExportedLabel {
  id: string;
  /** Its place in its data. */
  index: number;
  /** The number of its class. */
  label: number;
  confidence: number;
  /** Values of the further columns, in their order. */
  readonly further: (string | number)[];
  /** Numbers of the classes whose probabilities follow; none if the labels have no probabilities. */
  readonly classes: Int32Array;
  readonly probabilities: Float32Array;
  /** Sum of the probabilities of all other classes; undefined if there are no others. */
  rest: number | undefined;
}

/** Facts known before the first row. */
export interface ExportedTable {
  readonly origin: LabelOrigin;
  /** Names of the columns beyond those of every label: why it was kept, and how often. */
  readonly further: readonly string[];
  /** If the labels have probabilities, which ledgers have not. */
  readonly probabilities: boolean;
}

/** Takes labels in the order of their files. */
export interface ExportSink {
  add(row: Readonly<ExportedLabel>): void;
  /** Completes what was written; returns its size in bytes. */
  commit(): number;
  /** Drops what was written; nothing happens after a commit. */
  discard(): void;
}

/** A kind of file that labels are written as for other programs. */
export interface ExportTarget {
  /** Begins to write to a path; throws as AtomicFile does. */
  open(out: string, table: ExportedTable): ExportSink;
}
