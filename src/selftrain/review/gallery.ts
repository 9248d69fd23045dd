import type { Telling } from '../../contract/events.js';
import { progressTeller } from '../../training/listeners/tell.js';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { openUnlabelledSet } from '../../data/datasets/openSets.js';
import { describeSet, type OnSet } from '../../data/sets/describe.js';
import type { Images } from '../../data/sets/images.js';
import { makeFolder, writeFileAtomic } from '../../runtime/storage/atomic.js';
import { ConfigError } from '../../support/errors.js';
import { option, phrase } from '../../support/phrase.js';
import { measureAudit, readAudit, type AuditResult } from '../labels/audit.js';
import { readCorrections, sampleColumns, undecided } from '../labels/corrections.js';
import { csvLine } from '../labels/csv.js';
import {
  pickDisagreements,
  pickImages,
  type ClassImages,
  type Disagreements,
  type GalleryImage,
  type Sample,
} from './galleryImages.js';
import { renderGallery } from './galleryPage.js';
import { picturesOf } from './galleryPictures.js';
import { openLabelTable, type LabelTable } from '../labels/labelTable.js';

export interface GalleryOptions extends Telling {
  /** The HTML file. */
  readonly out: string;
  /** A file with the names of the classes, one a line, if the labels do not tell. */
  readonly classes?: string | undefined;
  /** Labels of the same images by another teacher: where the two disagree is shown as well. */
  readonly against?: string | undefined;
  /** Number of the most and of the least confident images of a class to show (default: 12, fewer for many classes). */
  readonly perClass?: number | undefined;
  /** Most disagreements; default 48. */
  readonly disagreements?: number | undefined;
  /** Corrections so far: their images are not shown again. */
  readonly corrections?: string | undefined;
  /** Shows so many kept labels that are drawn at random, to be marked right or wrong. */
  readonly auditSample?: number | undefined;
  /** Seed of the random sample (default: 1). A larger sample of the same seed holds the smaller one. */
  readonly seed?: number | undefined;
  /** A CSV file that takes a line for each image that is shown, to be filled in as corrections. */
  readonly template?: string | undefined;
}

export interface GalleryRequest extends GalleryOptions {
  /** The images, as the command line names them. */
  readonly data: string;
  /** Told of the set as it was opened. */
  readonly onSet?: OnSet | undefined;
}

export interface GallerySummary {
  readonly out: string;
  readonly bytes: number;
  /** Different images on the page, and those of them that have no picture. */
  readonly images: number;
  readonly missing: number;
  /** Classes on the page, of how many. */
  readonly shownClasses: number;
  readonly classes: number;
  /** Images to which the other teacher gives another label; null without one. */
  readonly disagreements: number | null;
  /** Images of the random sample, how many of them are not marked yet, and of how many labels it is. */
  readonly sample: {
    readonly images: number;
    readonly unmarked: number;
    readonly of: number;
  } | null;
  readonly template: string | null;
  /** Assumptions about the files and what was left out of them, a sentence each. */
  readonly notes: readonly string[];
  readonly seconds: number;
}

/** More of either would be a page nobody reads, of many megabytes. */
const mostClasses = 200;
const mostImages = 1200;

const usualPerClass = 12;
const usualDisagreements = 48;

/** Opens the data and writes a gallery; throws as openUnlabelledSet and writeGallery. */
export async function showLabels(labels: string, request: GalleryRequest): Promise<GallerySummary> {
  const images = await openUnlabelledSet(request.data);
  request.onSet?.(describeSet('images', images));
  return writeGallery(labels, images, request);
}

/**
 * Writes one HTML file that shows labels: the surest and the least sure images of each class, where
 * two teachers disagree, and what is known of the precision. `labels` is a folder of shards, kept
 * labels or a ledger; it is streamed, and no more is held than is shown. Throws a DataError if
 * the images are not those of the labels.
 */
export async function writeGallery(
  labels: string,
  images: Images,
  options: GalleryOptions,
): Promise<GallerySummary> {
  const start = performance.now();
  if (options.template !== undefined) requireFree(options.template);
  const named = { classes: options.classes };
  const table = await openLabelTable(labels, named);
  const { classes } = table.origin;
  const corrections =
    options.corrections === undefined ? undefined : readCorrections(options.corrections, classes);
  const { perClass = fitting(classes.length), against, template } = options;
  const progress = progressTeller(options, { task: 'gallery', unit: 'rows' });
  const wanted = options.auditSample;
  const { all, sample } = await pickImages(table, {
    ...{ perClass, corrections, onRows: (done) => progress(done, table.rows) },
    sample: wanted === undefined ? undefined : { images: wanted, seed: options.seed ?? 1 },
  });
  const other = against === undefined ? undefined : await openLabelTable(against, named);
  const most = options.disagreements ?? usualDisagreements;
  const disagreements = other && (await pickDisagreements(table, other, most, corrections));
  const shownClasses = leastSure(all);
  const shown = everyImage(shownClasses, disagreements, sample);
  const pictures = await picturesOf(shown, images, table);
  const audit = await auditOf(table);
  const found = { all, shownClasses, disagreements, sample, audit };
  const html = renderGallery({ table, ...found, pictures });
  makeFolder(dirname(options.out));
  writeFileAtomic(options.out, html);
  if (template !== undefined) writeTemplate(template, shown, classes, sample);
  return {
    out: options.out,
    bytes: Buffer.byteLength(html),
    images: shown.length,
    missing: shown.length - pictures.size,
    shownClasses: shownClasses.length,
    classes: classes.length,
    disagreements: disagreements?.changed ?? null,
    sample: sample ? { images: sample.images, unmarked: sample.shown.length, of: sample.of } : null,
    template: template ?? null,
    notes: [...table.notes, ...(other?.notes ?? [])],
    seconds: (performance.now() - start) / 1000,
  };
}

/** Refuses to overwrite a template, which a person may have filled in. */
function requireFree(template: string): void {
  if (!existsSync(template)) return;
  throw new ConfigError(`${template} already exists and may hold corrections`, {
    code: 'template-exists',
    where: template,
    hint: phrase`choose another ${option('template')}, or move that file`,
  });
}

/** Images of each list, so that all lists together stay below the limit. */
function fitting(classes: number): number {
  const lists = 2 * Math.min(classes, mostClasses);
  return Math.min(usualPerClass, Math.max(2, Math.floor(mostImages / lists)));
}

/** All classes in their order, or of very many those of the lowest mean confidence. */
function leastSure(all: readonly ClassImages[]): readonly ClassImages[] {
  if (all.length <= mostClasses) return all;
  const chosen = all
    .filter(({ images }) => images > 0)
    .toSorted((a, b) => a.meanConfidence - b.meanConfidence)
    .slice(0, mostClasses);
  return chosen.toSorted((a, b) => a.label - b.label);
}

/** Images to show, each once. */
function everyImage(
  classes: readonly ClassImages[],
  disagreements: Disagreements | undefined,
  sample: Sample | undefined,
): readonly GalleryImage[] {
  const images = [
    ...(sample?.shown ?? []),
    ...(disagreements?.shown ?? []),
    ...classes.flatMap((own) => [...own.surest, ...own.leastSure]),
  ];
  const first = new Map<string, GalleryImage>();
  // If an image is in several lists, the entry with the other teacher's answer wins.
  for (const image of images) if (!first.has(image.id) || image.other) first.set(image.id, image);
  return [...first.values()];
}

/** The audit that belongs to labels: in kept labels, or beside shards and ledgers. */
async function auditOf({ path, origin, audit }: LabelTable): Promise<AuditResult | undefined> {
  if (audit) return audit;
  const folder = statSync(path).isDirectory() ? path : dirname(path);
  const found = await readAudit(folder);
  if (found?.origin.teacher.fingerprint !== origin.teacher.fingerprint) return undefined;
  return measureAudit(found, new Float32Array(origin.classes.length));
}

/** A line for each image, which says nothing of it until somebody fills it in. */
function writeTemplate(
  path: string,
  shown: readonly GalleryImage[],
  classes: readonly string[],
  sample: Sample | undefined,
): void {
  const sampled = new Set(sample?.shown.map(({ id }) => id));
  const lines = shown.map(({ id, label, confidence, other }) =>
    csvLine([
      ...[id, undecided, classes[label] ?? label, confidence.toFixed(4)],
      ...(other ? [classes[other.label] ?? other.label] : ['']),
      ...(sample ? [sampled.has(id) ? undecided : ''] : []),
    ]),
  );
  const titles = ['image', 'class', sampleColumns.judged, 'confidence', 'other'];
  makeFolder(dirname(path));
  writeFileAtomic(
    path,
    csvLine([...titles, ...(sample ? [sampleColumns.mark] : [])]) + lines.join(''),
  );
}
