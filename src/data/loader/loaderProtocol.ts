/** The messages between LoaderPool and its worker threads. */
import type { PackedError } from '../../support/packError.js';
import type { PackedPixels } from '../sets/images.js';
import type { Preparation } from './preparation.js';

/** Data that a thread begins with. */
export interface LoaderData {
  /** Images that it has under way at a time. */
  readonly concurrency: number;
  /** State of the PixelBudget that all threads share. */
  readonly budget: SharedArrayBuffer;
}

/** Settings that all rows of some jobs have in common; sent once. */
export interface LoadPlan {
  readonly preparation: Preparation;
  readonly packed?: PackedPixels | undefined;
  readonly seed: number;
  /** Hash of the stream's name. */
  readonly site: number;
}

/** A row to fill. */
export interface LoadRow {
  /** Row of the arrays. */
  readonly row: number;
  /** Index of the image in its set. */
  readonly index: number;
  /** Tells its noise from that of the image in other rows (default: the epoch). */
  readonly visit?: number;
  /** Path of its file, or its place among the packed images. */
  readonly where: string | number;
}

/** A row whose image could not be read. */
export interface FailedRow extends LoadRow {
  readonly reason: string;
}

export type LoadCommand =
  | { readonly kind: 'plan'; readonly plan: number; readonly content: LoadPlan }
  | {
      readonly kind: 'load';
      readonly id: number;
      readonly plan: number;
      readonly epoch: number;
      /** On shared memory. */
      readonly image: Float32Array | Uint8Array;
      readonly rows: readonly LoadRow[];
    }
  | { readonly kind: 'stop' };

export type LoadReply =
  | { readonly id: number; readonly failed: readonly FailedRow[] }
  | { readonly id: number; readonly error: PackedError };
