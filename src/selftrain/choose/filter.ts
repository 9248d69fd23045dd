import type { Telling } from '../../contract/events.js';
import { progressTeller } from '../../training/listeners/tell.js';
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { makeFolder, writeFileAtomic } from '../../runtime/storage/atomic.js';
import { rowCount, type Columns, type Rows } from '../../runtime/storage/parquet/writer.js';
import { ArtifactError, DataError } from '../../support/errors.js';
import { option, optionOf, phrase, type Prose } from '../../support/phrase.js';
import { auditWarnings, measureAudit, readAudit, type AuditResult } from '../labels/audit.js';
import { drawCounts } from './classHistograms.js';
import { readCorrections, requireAllUsed, type Corrections } from '../labels/corrections.js';
import { drawOf } from './draw.js';
import type { SampleResult } from '../labels/figureSchemas.js';
import { nothingKept, requireEveryClass } from './filterErrors.js';
import { correctRows, WritePass, type Said } from './filterPass.js';
import type { ReadingResult } from '../labels/labelRows.js';
import { keptColumns, KeptSet, type ClassCounts, type KeptInfo } from './keptStore.js';
import {
  classDifference,
  infoKey,
  isForeign,
  labelColumns,
  probabilityColumns,
} from '../labels/labelStore.js';
import { LabelSet } from '../labels/labelSet.js';
import { createKept } from './keptWriters.js';
import { MarkedSample } from './markedSample.js';
import { ConfidenceMatch } from './matchedPrecision.js';
import { RowCollector } from '../labels/rowCollector.js';
import {
  ConfidenceCounts,
  ExactCut,
  gridCut,
  requireRule,
  scarceCut,
  type ClassCut,
  type SelectionRule,
} from './selection.js';

type SeededRule = SelectionRule & { readonly seed: number };

/** Above this many copies a class is more its few images than a class. */
const manyCopies = 10;

const withoutId = { label: 'int32', confidence: 'float32' } as const satisfies Columns;
const withId = { ...withoutId, id: 'text' } as const satisfies Columns;

export interface FilterOptions extends Telling {
  /** The file of kept labels; ledger and histograms are put beside it. */
  readonly out: string;
  /** Labels of less confidence are dropped; default 0.3. */
  readonly threshold?: number | undefined;
  /** Images wanted of each class, copies included (default: no limit and no copies). */
  readonly perClass?: number | undefined;
  /** Cuts a class exactly, as the paper, or on a grid of thresholds, as its code; default exact. */
  readonly cap?: SelectionRule['cap'] | undefined;
  /** Maximum copies of an image (default: no limit). */
  readonly maxCopies?: number | undefined;
  /** Seed for the copies that a fraction's probability gives (default: 1). */
  readonly seed?: number | undefined;
  /** Generation of the teacher that gave the labels (default: 1). */
  readonly generation?: number | undefined;
  /** A CSV with the columns image and class: what a person said of single images. */
  readonly corrections?: string | undefined;
  /** A file with the names of the classes, one a line, if the labels do not tell. */
  readonly classes?: string | undefined;
  /** Goes on if a class keeps nothing. */
  readonly allowEmpty?: boolean | undefined;
  /** Kept labels of the generation before, whose audit this one is held against. */
  readonly previous?: string | undefined;
  /** Stops if the audit gives a warning, before anything is written. */
  readonly strict?: boolean | undefined;
}

export interface FilterSummary {
  readonly out: string;
  readonly ledger: string;
  readonly histograms: string;
  readonly images: number;
  /** Different images kept. */
  readonly kept: number;
  /** Rows for training: kept images with their copies. */
  readonly copies: number;
  /** Images that a person gave a class, and that a person dropped. */
  readonly corrected: number;
  readonly rejected: number;
  readonly classes: readonly (ClassCounts & {
    readonly name: string;
    readonly meanConfidence: number;
  })[];
  readonly audit: AuditResult | null;
  /** A person's marks of a random sample of the labels, from the corrections; null without one. */
  readonly sample: SampleResult | null;
  readonly warnings: readonly Prose[];
  readonly seconds: number;
}

/** The files that belong to one of kept labels: `kept.parquet` has `ledger.parquet` and `classes.svg`. */
export function besideKept(out: string): { readonly ledger: string; readonly histograms: string } {
  const [, folder = '', stem = ''] = /^(.*?)([^/\\]*?)(?:\.parquet)?$/.exec(out) ?? [];
  const prefix = stem === 'kept' ? folder : `${folder}${stem}.`;
  return { ledger: `${prefix}ledger.parquet`, histograms: `${prefix}classes.svg` };
}

/**
 * Chooses what a student learns from among the labels of a folder: a confidence threshold, at most
 * so many images a class, copies of scarce classes. The labels are read twice (three or four times
 * for an exact cap) and never held, so memory does not grow with the number of images. Throws a
 * DataError, before anything is written, if nothing is kept, or nothing of a class.
 */
export async function filterLabels(path: string, options: FilterOptions): Promise<FilterSummary> {
  const rule: SeededRule = {
    threshold: options.threshold ?? 0.3,
    perClass: options.perClass,
    cap: options.cap ?? 'exact',
    maxCopies: options.maxCopies ?? Infinity,
    seed: options.seed ?? 1,
  };
  requireRule(rule);
  const labels = await LabelSet.open(path, { classes: options.classes });
  const corrections =
    options.corrections === undefined
      ? undefined
      : readCorrections(options.corrections, labels.origin.classes);
  return new FilterRun(labels, rule, corrections, options).run();
}

/** Known quality of the labels. */
interface Measured extends Pick<FilterSummary, 'sample'> {
  readonly measured: AuditResult | undefined;
  readonly match: ConfidenceMatch | undefined;
}

interface Judged<C extends Columns> {
  readonly rows: Rows<C>;
  readonly said: Said;
}

class FilterRun {
  readonly #start = performance.now();
  readonly #counts: ConfidenceCounts;
  readonly #classes: readonly string[];
  readonly #progress: (done: number, total: number) => void;
  /** Rows read in all passes so far. */
  #read = 0;
  #passes = 2;
  #corrected = 0;
  #rejected = 0;
  readonly #sample: MarkedSample | undefined;
  readonly #found: ReadingResult = { differing: 0 };

  constructor(
    private readonly labels: LabelSet,
    private readonly rule: SeededRule,
    private readonly corrections: Corrections | undefined,
    private readonly options: FilterOptions,
  ) {
    this.#classes = labels.origin.classes;
    this.#progress = progressTeller(options, { task: 'filter', unit: 'rows' });
    this.#counts = new ConfidenceCounts(this.#classes.length, rule.threshold);
    this.#sample = corrections && new MarkedSample(corrections);
  }

  async run(): Promise<FilterSummary> {
    const counts = this.#counts;
    await this.#count();
    this.#requireSome();
    const cuts = await this.#cuts();
    const thresholds = Float32Array.from(cuts, ({ threshold }) => threshold);
    const { folder, origin } = this.labels;
    // Nobody knows if an audit is of the teacher of labels that another program wrote again.
    const found = isForeign(origin) ? undefined : await readAudit(folder, origin);
    const measured = found && measureAudit(found, thresholds);
    const warnings = [...(await this.#auditWarnings(measured)), ...this.#copyWarnings(cuts)];
    makeFolder(dirname(this.options.out));
    const sample = this.#sample?.result(thresholds) ?? null;
    const match = found && new ConfidenceMatch(found, thresholds);
    const { written, audit } = await this.#write(cuts, { measured, match, sample });
    return {
      out: this.options.out,
      ...besideKept(this.options.out),
      images: this.labels.rows,
      kept: written.reduce((sum, { kept }) => sum + kept, 0),
      copies: written.reduce((sum, { copies }) => sum + copies, 0),
      corrected: this.#corrected,
      rejected: this.#rejected,
      classes: written.map((own, i) => ({
        name: this.#classes[i] ?? '',
        ...own,
        meanConfidence: counts.meanConfidence(i),
      })),
      audit,
      sample,
      warnings: [...warnings, ...this.labels.notes, ...this.#differingNote()],
      seconds: (performance.now() - this.#start) / 1000,
    };
  }

  /** A pass over the labels, with what a person said in its place. */
  async *#pass<C extends Columns>(
    columns: C,
    look?: (rows: Rows<C>) => void,
  ): AsyncGenerator<Judged<C>> {
    for await (const rows of this.labels.read(columns, this.#found)) {
      look?.(rows);
      yield { rows, said: correctRows(rows, this.corrections, this.labels.origin) };
      this.#read += rowCount(rows);
      this.#progress(this.#read, this.#passes * this.labels.rows);
    }
  }

  /** Counts all labels, and finds corrections of images that are not there. */
  async #count(): Promise<void> {
    const used = new Set<string>();
    const look = (rows: CountedRows): void => {
      for (const [row, id] of (rows.id ?? []).entries())
        if (
          this.#sample?.look({
            id,
            label: rows.label[row] ?? 0,
            confidence: rows.confidence[row] ?? 0,
          })
        )
          used.add(id);
    };
    for await (const { rows, said } of this.#pass(this.corrections ? withId : withoutId, look)) {
      const { label, confidence } = rows;
      for (let row = 0; row < label.length; row++)
        if (said.get(row) !== null) this.#counts.add(label[row] ?? 0, confidence[row] ?? 0);
      for (const [row, label] of said) {
        used.add(idOf(rows, row));
        if (label === null) this.#rejected++;
        else this.#corrected++;
      }
    }
    if (this.corrections) requireAllUsed(this.corrections, used);
  }

  #requireSome(): void {
    const { folder } = this.labels;
    const { threshold } = this.rule;
    const some = this.#classes.some((_, i) => this.#counts.eligible(i) > 0);
    if (!some) throw nothingKept(this.#counts, folder, threshold);
    if (this.options.allowEmpty === true) return;
    requireEveryClass(this.#counts, this.#classes, folder, threshold);
  }

  /** Cut of each class; an exact cap takes further passes. */
  async #cuts(): Promise<ClassCut[]> {
    const { rule } = this;
    const { perClass, cap } = rule;
    const cuts = this.#classes.map((_, i): ClassCut => {
      const plenty = perClass !== undefined && this.#counts.eligible(i) > perClass;
      if (plenty && cap === 'exact') return new ExactCut(perClass, this.#counts, i);
      return plenty ? gridCut(this.#counts, i, rule) : scarceCut(this.#counts, i, rule);
    });
    const exact = cuts.map((cut) => (cut instanceof ExactCut ? cut : undefined));
    while (exact.some((cut) => cut?.needs !== undefined)) await this.#refine(exact);
    for (const cut of exact) cut?.start();
    return cuts;
  }

  async #refine(exact: readonly (ExactCut | undefined)[]): Promise<void> {
    this.#passes += 1;
    const pending = exact.map((cut) => (cut?.needs === undefined ? undefined : cut));
    const draws = pending.some((cut) => cut?.needs === 'draws');
    const columns = this.corrections || draws ? withId : withoutId;
    for await (const { rows, said } of this.#pass(columns)) {
      const { label, confidence } = rows;
      for (let row = 0; row < label.length; row++)
        if (said.get(row) !== null)
          pending[label[row] ?? 0]?.add(confidence[row] ?? 0, () =>
            drawOf(idOf(rows, row), this.rule.seed),
          );
    }
    for (const cut of pending) cut?.endPass();
  }

  async #auditWarnings(audit: AuditResult | undefined): Promise<string[]> {
    const { previous, strict = false } = this.options;
    const { folder } = this.labels;
    if (strict && audit === undefined)
      throw new DataError(`${folder} has no audit to judge its labels by`, {
        code: 'no-audit',
        where: folder,
        hint: phrase`run gradus label again with ${optionOf('labelDataSet', 'audit', 'SET')}, labelled images, or leave ${option('strict')} out`,
      });
    const before = previous === undefined ? undefined : await auditOf(previous, this.#classes);
    const warnings = auditWarnings({
      classes: this.#classes,
      eligible: this.#classes.map((_, i) => this.#counts.eligible(i)),
      audit,
      previous: before,
    });
    if (!strict || warnings.length === 0) return warnings;
    throw new DataError('the audit raised warnings about these labels', {
      code: 'audit-failed',
      where: folder,
      notes: warnings,
      hint: phrase`raise the threshold, look at the labels with gradus labels gallery, or continue without ${option('strict')}`,
    });
  }

  #differingNote(): string[] {
    const { differing } = this.#found;
    if (differing === 0) return [];
    const what = differing === 1 ? 'a label is' : `${differing} labels are`;
    return [
      `${what} not the most probable class of their row: soft targets follow the probabilities`,
    ];
  }

  #copyWarnings(cuts: readonly ClassCut[]): Prose[] {
    return cuts.flatMap(({ copies }, i) => {
      if (copies <= manyCopies) return [];
      const images = this.#counts.eligible(i);
      return [
        phrase`each of the ${images} images of ${this.#classes[i] ?? ''} is used ${Math.round(copies)} times; ${option('maxCopies')} limits this`,
      ];
    });
  }

  /** The last pass. The kept labels get their name last, when all else is there. */
  async #write(
    cuts: readonly ClassCut[],
    { measured, match, sample }: Measured,
  ): Promise<{ readonly written: ClassCounts[]; readonly audit: AuditResult | null }> {
    const { out } = this.options;
    const { generation = 1 } = this.options;
    const { origin } = this.labels;
    const beside = besideKept(out);
    const columns = keptColumns(origin);
    const places = { out, ledger: beside.ledger };
    const { kept, ledger } = createKept<Columns>(places, columns, origin, generation);
    try {
      const pass = new WritePass(
        cuts,
        this.#classes,
        { ...this.rule, generation },
        (confidence) => {
          match?.add(confidence);
        },
      );
      const collector = new RowCollector<Columns>(columns, kept);
      const stored = { ...labelColumns, ...probabilityColumns(origin) };
      for await (const { rows, said } of this.#pass(stored)) {
        const { picks, ledger: decided } = pass.decide(rows, said);
        const { copies, reason } = decided;
        collector.append({ ...rows, copies, reason }, picks);
        ledger.write(decided);
      }
      collector.flush();
      const classCounts = pass.classCounts(this.#counts);
      ledger.commit();
      writeFileAtomic(beside.histograms, drawCounts(this.#classes, this.#counts, classCounts));
      const audit = measured ? { ...measured, matched: match?.result() ?? null } : null;
      kept.commit({ [infoKey]: JSON.stringify(this.#info(classCounts, { audit, sample })) });
      return { written: classCounts, audit };
    } finally {
      ledger.discard();
      kept.discard();
    }
  }

  #info(classCounts: ClassCounts[], figures: Pick<KeptInfo, 'audit' | 'sample'>): KeptInfo {
    const { threshold, perClass = null, cap, maxCopies, seed } = this.rule;
    return {
      ...this.labels.origin,
      format: 'gradus-kept',
      version: 1,
      generation: this.options.generation ?? 1,
      inputs: inputsOf(this.labels, this.rule, this.corrections),
      rule: {
        threshold,
        perClass,
        cap,
        maxCopies: maxCopies === Infinity ? null : maxCopies,
        seed,
      },
      classCounts,
      ...figures,
      chosenBy: null,
    };
  }
}

type CountedRows = Rows<typeof withoutId> & { readonly id?: readonly string[] };

function idOf(rows: CountedRows, row: number): string {
  return rows.id?.[row] ?? '';
}

/** SHA-256 of all that decides what is kept. */
function inputsOf(
  { origin, rows }: LabelSet,
  rule: SeededRule,
  corrections: Corrections | undefined,
): string {
  const all = [
    origin,
    rows,
    { ...rule, maxCopies: String(rule.maxCopies) },
    corrections?.fingerprint,
  ];
  return createHash('sha256').update(JSON.stringify(all)).digest('hex');
}

/** The audit that went into the kept labels of the generation before. */
async function auditOf(path: string, classes: readonly string[]): Promise<AuditResult | undefined> {
  const set = await KeptSet.open(path);
  const difference = classDifference(classes, set.info.classes);
  if (difference === undefined) return set.info.audit ?? undefined;
  throw new ArtifactError(`${path} cannot be compared: it was made ${difference}`, {
    code: 'classes-differ',
    where: path,
    hint: 'pass the kept labels of the generation before',
  });
}
