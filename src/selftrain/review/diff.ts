import type { Telling } from '../../contract/events.js';
import { progressTeller } from '../../training/listeners/tell.js';
import { dirname } from 'node:path';
import { makeFolder } from '../../runtime/storage/atomic.js';
import { Best } from './best.js';
import { CsvWriter } from '../labels/csv.js';
import { joinLabels, type LabelPair } from '../labels/labelJoin.js';
import type { LabelTable } from '../labels/labelTable.js';
import { openLabelTable } from '../labels/labelTable.js';
import { shortestFloat32 } from '../../support/floatText.js';

export interface DiffOptions extends Telling {
  /** Number of the most confident changes to list (default: 10). */
  readonly top?: number | undefined;
  /** A CSV file that takes every change. */
  readonly csv?: string | undefined;
  /** A file with the names of the classes, one a line, if the labels do not tell. */
  readonly classes?: string | undefined;
}

/** An image whose class changed. */
export interface LabelChange {
  readonly id: string;
  /** Names of the classes. */
  readonly before: string;
  readonly after: string;
  readonly confidenceBefore: number;
  readonly confidenceAfter: number;
}

/** All images that went from one class to another. */
export interface ClassMove {
  readonly from: string;
  readonly to: string;
  readonly images: number;
  /** Mean confidences of these images. */
  readonly confidenceBefore: number;
  readonly confidenceAfter: number;
}

/** Changes of a class, over the images that both have. */
export interface ClassChange {
  readonly name: string;
  readonly before: number;
  readonly after: number;
  /** Images of it that now have another class. */
  readonly left: number;
  /** Images of it that had another class. */
  readonly joined: number;
}

export interface DiffSide {
  readonly path: string;
  readonly teacher: { readonly name: string; readonly fingerprint: string };
  readonly images: number;
  /** Images that the other does not have. */
  readonly alone: number;
  /** Mean over the images that both have, and over those that changed; null if there are none. */
  readonly meanConfidence: number;
  readonly meanConfidenceOfChanged: number | null;
}

export interface LabelDiff {
  readonly before: DiffSide;
  readonly after: DiffSide;
  /** Images that both have. */
  readonly compared: number;
  readonly changed: number;
  /** changed / compared */
  readonly share: number;
  readonly classes: readonly ClassChange[];
  /** From class to class, the most frequent first. */
  readonly moves: readonly ClassMove[];
  /** Changes in which even the less sure of the two is sure. */
  readonly surest: readonly LabelChange[];
  readonly csv: string | null;
  /** Assumptions about the files and what was left out of them, a sentence each. */
  readonly notes: readonly string[];
  readonly seconds: number;
}

const csvColumns = ['id', 'before', 'after', 'confidence_before', 'confidence_after'];

/**
 * Compares two generations' labels: folders of shards, kept labels or ledgers. They are streamed,
 * and no image is held (see joinLabels for the exception). Throws as openLabelTable and joinLabels.
 */
export async function diffLabels(
  before: string,
  after: string,
  options: DiffOptions = {},
): Promise<LabelDiff> {
  const start = performance.now();
  const open = (path: string): Promise<LabelTable> =>
    openLabelTable(path, { classes: options.classes });
  const [first, second] = [await open(before), await open(after)];
  const tally = new DiffTally(first.origin.classes, options.top ?? 10);
  const { csv } = options;
  if (csv !== undefined) makeFolder(dirname(csv));
  const progress = progressTeller(options, { task: 'diff', unit: 'rows' });
  const writer = csv === undefined ? undefined : new CsvWriter(csv, csvColumns);
  try {
    const compared = await joinLabels(first, second, {
      visit(pair) {
        tally.add(pair);
        if (pair.before === pair.after || !writer) return;
        const { id, before, after, confidenceBefore, confidenceAfter } = tally.changeOf(pair);
        writer.add([
          id,
          before,
          after,
          shortestFloat32(confidenceBefore),
          shortestFloat32(confidenceAfter),
        ]);
      },
      onRows: (done) => {
        progress(done, first.rows + second.rows);
      },
    });
    writer?.commit();
    const seconds = (performance.now() - start) / 1000;
    const notes = [...first.notes, ...second.notes];
    return { ...tally.result(first, second, compared), csv: csv ?? null, notes, seconds };
  } finally {
    writer?.discard();
  }
}

/** Sums over images: their number and their confidences. */
class Sums {
  images = 0;
  before = 0;
  after = 0;

  add({ confidenceBefore, confidenceAfter }: LabelPair): void {
    this.images += 1;
    this.before += confidenceBefore;
    this.after += confidenceAfter;
  }
}

/** Counts pairs; of the images it keeps the few surest changes. */
class DiffTally {
  readonly #all = new Sums();
  readonly #changed = new Sums();
  readonly #before: Float64Array;
  readonly #stayed: Float64Array;
  readonly #after: Float64Array;
  /** Sums by from * classes + to: with very many classes, most pairs never happen. */
  readonly #moves = new Map<number, Sums>();
  readonly #surest: Best<LabelChange>;

  constructor(
    private readonly classes: readonly string[],
    top: number,
  ) {
    this.#before = new Float64Array(classes.length);
    this.#stayed = new Float64Array(classes.length);
    this.#after = new Float64Array(classes.length);
    this.#surest = new Best(top);
  }

  add(pair: LabelPair): void {
    const { before, after, confidenceBefore, confidenceAfter } = pair;
    this.#all.add(pair);
    count(this.#before, before);
    count(this.#after, after);
    if (before === after) {
      count(this.#stayed, before);
      return;
    }
    this.#changed.add(pair);
    const key = before * this.classes.length + after;
    let move = this.#moves.get(key);
    if (!move) this.#moves.set(key, (move = new Sums()));
    move.add(pair);
    const surer = Math.min(confidenceBefore, confidenceAfter);
    if (this.#surest.wants(surer)) this.#surest.add(surer, this.changeOf(pair));
  }

  changeOf({ id, before, after, confidenceBefore, confidenceAfter }: LabelPair): LabelChange {
    const [from, to] = [this.#name(before), this.#name(after)];
    return { id, before: from, after: to, confidenceBefore, confidenceAfter };
  }

  result(
    first: LabelTable,
    second: LabelTable,
    compared: number,
  ): Omit<LabelDiff, 'csv' | 'notes' | 'seconds'> {
    const side = (table: LabelTable, own: 'before' | 'after'): DiffSide => ({
      path: table.path,
      teacher: table.origin.teacher,
      images: table.rows,
      alone: table.rows - compared,
      meanConfidence: this.#all[own] / this.#all.images,
      meanConfidenceOfChanged:
        this.#changed.images === 0 ? null : this.#changed[own] / this.#changed.images,
    });
    const { images: changed } = this.#changed;
    return {
      before: side(first, 'before'),
      after: side(second, 'after'),
      compared,
      changed,
      share: changed / compared,
      classes: this.classes.map((name, i) => this.#classChange(name, i)),
      moves: this.#sortedMoves(),
      surest: this.#surest.items,
    };
  }

  #classChange(name: string, label: number): ClassChange {
    const [before, after] = [this.#before[label] ?? 0, this.#after[label] ?? 0];
    const stayed = this.#stayed[label] ?? 0;
    return { name, before, after, left: before - stayed, joined: after - stayed };
  }

  #sortedMoves(): ClassMove[] {
    const { length } = this.classes;
    return [...this.#moves]
      .sort(([a, x], [b, y]) => y.images - x.images || a - b)
      .map(([key, { images, before, after }]) => ({
        from: this.#name(Math.floor(key / length)),
        to: this.#name(key % length),
        images,
        confidenceBefore: before / images,
        confidenceAfter: after / images,
      }));
  }

  #name(label: number): string {
    return this.classes[label] ?? String(label);
  }
}

function count(counts: Float64Array, label: number): void {
  counts[label] = (counts[label] ?? 0) + 1;
}
