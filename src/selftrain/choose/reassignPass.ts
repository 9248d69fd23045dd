import type { ImageSource } from '../../data/loader/imageSource.js';
import { writeFileAtomic } from '../../runtime/storage/atomic.js';
import type { Columns, Rows } from '../../runtime/storage/parquet/writer.js';
import { drawCounts } from './classHistograms.js';
import type { Corrections } from '../labels/corrections.js';
import { besideKept } from './filter.js';
import { correctRow } from './filterPass.js';
import type { ConfidenceMatch } from './matchedPrecision.js';
import type { KeptImages } from './keptPlaces.js';
import { keptColumns, type ClassCounts, type KeptInfo } from './keptStore.js';
import {
  infoKey,
  labelColumns,
  originSchema,
  probabilityColumns,
  type LabelRows,
} from '../labels/labelStore.js';
import type { LabelSet } from '../labels/labelSet.js';
import { createKept } from './keptWriters.js';
import { ledgerColumns, statusOf } from './ledger.js';
import { RowCollector } from '../labels/rowCollector.js';
import { ConfidenceCounts, type Reason } from './selection.js';

/** Counts of what happened to the images. */
interface ReassignCounts {
  changed: number;
  corrected: number;
  unreadable: number;
  rejected: number;
}

/** Joins the new labels of kept images with their copies, and writes both down. */
export class ReassignPass {
  readonly counts: ReassignCounts = { changed: 0, corrected: 0, unreadable: 0, rejected: 0 };
  #info: KeptInfo;
  readonly #confidences: ConfidenceCounts;
  readonly #kept: Float64Array;
  readonly #copies: Float64Array;
  readonly #ledger = new LedgerRows();
  /** The kept image that comes next. */
  #next = 0;

  /** `info` is what the file will say, but for the counts of its classes. */
  constructor(
    private readonly images: KeptImages,
    private readonly source: ImageSource,
    private readonly beside: {
      readonly corrections: Corrections | undefined;
      /** Counts the confidences of what the teacher labels. */
      readonly match: ConfidenceMatch | undefined;
    },
    info: KeptInfo,
  ) {
    const { length } = info.classes;
    this.#info = info;
    this.#confidences = new ConfidenceCounts(length, info.rule.threshold);
    this.#kept = new Float64Array(length);
    this.#copies = new Float64Array(length);
  }

  /** Metadata of the file; complete once it was written. */
  get info(): KeptInfo {
    return this.#info;
  }

  /**
   * Writes kept labels, ledger and histograms from labels whose `index` counts the kept images. What
   * `check` throws of the counts leaves everything as it was.
   */
  async write(
    labels: LabelSet,
    out: string,
    check: (counts: readonly ClassCounts[]) => void,
  ): Promise<void> {
    const beside = besideKept(out);
    const { generation, classes } = this.#info;
    const columns = keptColumns(this.#info);
    const places = { out, ledger: beside.ledger };
    const origin = originSchema.parse(this.#info);
    const { kept, ledger } = createKept<Columns>(places, columns, origin, generation);
    try {
      const keptRows = new RowCollector<Columns>(columns, kept);
      const ledgerRows = new RowCollector(ledgerColumns, ledger);
      const stored = { ...labelColumns, ...probabilityColumns(this.#info) };
      for await (const rows of labels.read(stored)) {
        const { picks, ...own } = this.#decide(rows);
        keptRows.append({ ...rows, ...own }, picks);
        ledgerRows.append(this.#ledger.take(generation, classes));
      }
      this.#skipTo(this.images.places.length);
      ledgerRows.append(this.#ledger.take(generation, classes));
      keptRows.flush();
      ledgerRows.flush();
      const classCounts = this.#classCounts();
      check(classCounts);
      const { audit } = this.#info;
      const matched = this.beside.match?.result() ?? null;
      this.#info = { ...this.#info, classCounts, audit: audit && { ...audit, matched } };
      ledger.commit();
      writeFileAtomic(beside.histograms, drawCounts(classes, this.#confidences, classCounts));
      kept.commit({ [infoKey]: JSON.stringify(this.#info) });
    } finally {
      ledger.discard();
      kept.discard();
    }
  }

  /** Their places, copies and reasons, and which of them are kept. */
  #decide(rows: LabelRows & Rows<Columns>) {
    const { index: positions, label, confidence, id } = rows;
    const count = positions.length;
    const index = new Int32Array(count);
    const copies = new Int32Array(count);
    const picks = new Int32Array(count);
    const reason = new Array<string>(count);
    let kept = 0;
    for (const [row, position] of positions.entries()) {
      this.#skipTo(position);
      this.#next = position + 1;
      const why = this.#reasonOf(rows, row, position);
      index[row] = this.images.places[position] ?? 0;
      copies[row] = why === 'rejected' ? 0 : (this.images.copies[position] ?? 0);
      reason[row] = why;
      const own = label[row] ?? 0;
      this.#ledger.add({
        id: id[row] ?? '',
        index: index[row] ?? 0,
        label: own,
        confidence: confidence[row] ?? 0,
        copies: copies[row] ?? 0,
        reason: why,
      });
      if (why === 'rejected') continue;
      if (why === 'reassigned') this.beside.match?.add(confidence[row] ?? 0);
      picks[kept++] = row;
      this.#count(own, confidence[row] ?? 0, copies[row] ?? 0);
      if (own !== this.images.labels[position]) this.counts.changed += 1;
    }
    return { index, copies, reason, picks: picks.subarray(0, kept) };
  }

  /** Puts a person's word into a row, of today or of when the image was chosen. */
  #reasonOf(rows: LabelRows & Rows<Columns>, row: number, position: number): Reason {
    const { labels, corrected } = this.images;
    const before = corrected[position] === 1 ? labels[position] : undefined;
    const today = this.beside.corrections?.labels.get(rows.id[row] ?? '');
    const said = today === undefined ? before : today;
    if (said === undefined) return 'reassigned';
    if (said === null) {
      this.counts.rejected += 1;
      return 'rejected';
    }
    correctRow(rows, row, said, this.#info);
    this.counts.corrected += 1;
    return 'corrected';
  }

  #count(label: number, confidence: number, copies: number): void {
    this.#confidences.add(label, confidence);
    this.#kept[label] = (this.#kept[label] ?? 0) + 1;
    this.#copies[label] = (this.#copies[label] ?? 0) + copies;
  }

  /** Notes the images before this one that got no label: they can no longer be read. */
  #skipTo(position: number): void {
    const { places, labels, confidences } = this.images;
    for (; this.#next < position; this.#next++) {
      const index = places[this.#next] ?? 0;
      this.counts.unreadable += 1;
      this.#ledger.add({
        id: this.source.id(index),
        index,
        label: labels[this.#next] ?? 0,
        confidence: confidences[this.#next] ?? 0,
        copies: 0,
        reason: 'unreadable',
      });
    }
  }

  /** The thresholds stay those by which the images were chosen. */
  #classCounts(): ClassCounts[] {
    return this.#info.classCounts.map(({ threshold }, i) => ({
      images: this.#confidences.images(i),
      eligible: this.#confidences.eligible(i),
      threshold,
      kept: this.#kept[i] ?? 0,
      copies: this.#copies[i] ?? 0,
    }));
  }
}

interface LedgerEntry {
  readonly id: string;
  readonly index: number;
  readonly label: number;
  readonly confidence: number;
  readonly copies: number;
  readonly reason: Reason;
}

/** Entries on their way into the ledger. */
class LedgerRows {
  #entries: LedgerEntry[] = [];

  add(entry: LedgerEntry): void {
    this.#entries.push(entry);
  }

  /** Rows added since the last call, as columns. */
  take(generation: number, classes: readonly string[]): Rows<typeof ledgerColumns> {
    const entries = this.#entries;
    this.#entries = [];
    const numbers = (key: 'index' | 'label' | 'copies'): Int32Array =>
      Int32Array.from(entries, (entry) => entry[key]);
    return {
      id: entries.map(({ id }) => id),
      index: numbers('index'),
      label: numbers('label'),
      confidence: Float32Array.from(entries, ({ confidence }) => confidence),
      class: entries.map(({ label }) => classes[label] ?? ''),
      generation: new Int32Array(entries.length).fill(generation),
      status: entries.map(({ copies }) => statusOf(copies)),
      reason: entries.map(({ reason }) => reason),
      copies: numbers('copies'),
    };
  }
}
