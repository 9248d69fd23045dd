/** Quality of a teacher's labels, measured on labelled images that its training held out. */
import { existsSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { readingDifference } from '../../training/labelling/classifier/reading.js';
import type { Labeller } from '../../training/labelling/labeller.js';
import { range, type ImageSource } from '../../data/loader/imageSource.js';
import { makeFolder } from '../../runtime/storage/atomic.js';
import {
  expectedCalibrationError,
  precisionByClass,
} from '../../support/statistics/classification.js';
import { argmaxRow } from '../../support/statistics/scores.js';
import { ParquetFileWriter } from '../../runtime/storage/parquet/writer.js';
import { placesOf } from '../../runtime/storage/places.js';
import { ArtifactError, ConfigError, invariant } from '../../support/errors.js';
import { call, phrase } from '../../support/phrase.js';
import { formatPercent, formatShareOf, shareFacts } from '../../support/statistics/share.js';
import { intervalSchema, matchedSchema } from './figureSchemas.js';
import { readFacts } from './foreignLabels.js';
import { readLabelRows } from './labelRows.js';
import { differenceFrom, originBy } from './labelOrigin.js';
import {
  boundsOf,
  classDifference,
  infoKey,
  originSchema,
  readInfo,
  requireNumbers,
  type LabelOrigin,
} from './labelStore.js';
import { RowCollector } from './rowCollector.js';
import type { ShardMemory } from './shardMemory.js';

const auditSchema = originSchema.extend({
  format: z.literal('gradus-audit'),
  version: z.literal(1),
});

const columns = {
  id: 'text',
  index: 'int32',
  actual: 'int32',
  label: 'int32',
  confidence: 'float32',
} as const;

/** A teacher's labels of images whose classes are known. */
export interface Audit {
  readonly origin: LabelOrigin;
  /** [N]: classes of the images. */
  readonly actual: Int32Array;
  /** [N]: what the teacher says. */
  readonly label: Int32Array;
  readonly confidence: Float32Array;
}

/** The audit's file in a folder of labels. */
export function auditPath(folder: string): string {
  return placesOf(folder).audit;
}

/** Labels held-out images of known classes, and keeps both in the folder of the labels. */
export async function auditTeacher(
  labeller: Labeller,
  source: ImageSource,
  folder: string,
  temperature = 1,
): Promise<void> {
  const { teacher } = labeller;
  const label = source.label?.bind(source);
  const { classNames } = source;
  if (!label || !classNames)
    throw new ConfigError(`${source.name} has no labels to audit with`, {
      code: 'audit-unlabelled',
      where: source.name,
      hint: 'pass labelled images that the teacher was not trained on',
    });
  const difference = classDifference(teacher.classes, classNames);
  if (difference !== undefined)
    throw new ConfigError(`${source.name} cannot audit ${teacher.path}: it comes ${difference}`, {
      code: 'classes-differ',
      where: source.name,
      hint: 'pass labelled images with the classes of the teacher, in its order',
    });
  makeFolder(folder);
  const info: z.output<typeof auditSchema> = {
    format: 'gradus-audit',
    version: 1,
    ...(await originBy(labeller, source, { temperature, topK: 1 })),
  };
  const writer = new ParquetFileWriter(auditPath(folder), columns, {
    [infoKey]: JSON.stringify(info),
  });
  const collector = new RowCollector(columns, writer);
  try {
    const all = range(0, source.count);
    for await (const { indices, probabilities } of labeller.predict(source, all, temperature)) {
      const { length } = classNames;
      for (const [row, i] of indices.entries())
        requireNumbers(source.id(i), probabilities.subarray(row * length, (row + 1) * length));
      const labels = indices.map((_, row) => argmaxRow(probabilities, row * length, length));
      collector.append({
        id: indices.map((i) => source.id(i)),
        index: Int32Array.from(indices),
        actual: Int32Array.from(indices, label),
        label: Int32Array.from(labels),
        confidence: Float32Array.from(
          labels,
          (own, row) => probabilities[row * length + own] ?? NaN,
        ),
      });
    }
    collector.flush();
    writer.commit();
  } finally {
    writer.discard();
  }
}

interface AuditOptions {
  readonly temperature?: number | undefined;
  /** Known facts about the images' files; packed images need none. */
  readonly memory?: ShardMemory | undefined;
}

/**
 * Audits a teacher as auditTeacher, unless the folder has that very audit, of images that have not
 * changed since; measures it over all confidences.
 */
export async function auditOnce(
  labeller: Labeller,
  source: ImageSource,
  folder: string,
  { temperature = 1, memory }: AuditOptions = {},
): Promise<AuditResult> {
  const origin = await originBy(labeller, source, { temperature, topK: 1 });
  const path = auditPath(folder);
  let audit = await readAudit(folder);
  const ofSet = audit?.origin.data.name === source.name;
  const aged = ofSet && memory ? await memory.agedAudit(path) : undefined;
  if (aged !== undefined) memory?.options.tell?.(`${aged}: auditing the teacher again`);
  const differs = audit && differenceFrom(labeller, origin, audit.origin) !== undefined;
  if (!audit || differs || aged !== undefined) {
    // A record of today beside an audit of then would hide the change, if this is killed in between.
    rmSync(path, { force: true });
    await memory?.record(path, 0, source.count);
    await auditTeacher(labeller, source, folder, temperature);
    audit = await readAudit(folder);
  }
  invariant(audit, 'an audit was written');
  return measureAudit(audit, new Float32Array(origin.classes.length));
}

/**
 * The audit in a folder of labels, if there is one. Throws an ArtifactError if it is of another
 * teacher than the labels.
 */
export async function readAudit(folder: string, labels?: LabelOrigin): Promise<Audit | undefined> {
  const path = auditPath(folder);
  if (!existsSync(path)) return undefined;
  const facts = await readFacts(path);
  const origin = readInfo(facts, auditSchema, ['gradus-audit']);
  if (labels && !isBySame(origin, labels))
    throw new ArtifactError(`${path} is an audit of a different teacher than that of the labels`, {
      code: 'audit-differs',
      where: path,
      hint: phrase`delete it, or repeat the audit with ${call('labelDataSet', 'TEACHER', { audit: 'SET' })}`,
    });
  const { rows } = facts;
  const audit = {
    origin,
    actual: new Int32Array(rows),
    label: new Int32Array(rows),
    confidence: new Float32Array(rows),
  };
  let first = 0;
  for await (const group of readLabelRows(
    { paths: [path], rows, bounds: boundsOf(origin) },
    columns,
  )) {
    audit.actual.set(group.actual, first);
    audit.label.set(group.label, first);
    audit.confidence.set(group.confidence, first);
    first += group.label.length;
  }
  return audit;
}

/** True if the same network, read in the same way, gave an audit's labels and others. */
function isBySame(a: LabelOrigin, b: LabelOrigin): boolean {
  if (a.teacher.fingerprint !== b.teacher.fingerprint) return false;
  return !a.reading || !b.reading || readingDifference(a.reading, b.reading) === undefined;
}

/** Result of an audit for filtered labels; keys that older versions did not write are optional. */
export const auditResultSchema = z.object({
  /** Audited images. */
  images: z.int().min(0),
  /** Share of all of them that is labelled rightly. */
  accuracy: z.number(),
  accuracyInterval: intervalSchema.nullish(),
  /** Expected calibration error of all of them. */
  calibrationError: z.number(),
  /** Share of those above their class's threshold that is labelled rightly; null if there are none. */
  precision: z.number().nullable(),
  /** Audited images above the thresholds, and the interval of the precision on them. */
  n: z.int().min(0).optional(),
  interval: intervalSchema.nullish(),
  /** The precision by the same images, weighted to the confidences of what was kept. */
  matched: matchedSchema.nullish(),
  /** The same by predicted class. */
  classes: z.array(
    z.object({
      /** Audited images above the threshold that are labelled as this class. */
      predicted: z.int().min(0),
      precision: z.number().nullable(),
      n: z.int().min(0).optional(),
      interval: intervalSchema.nullish(),
      /** Audited images of this class. */
      actual: z.int().min(0),
    }),
  ),
});

export type AuditResult = z.output<typeof auditResultSchema>;

/** Measures labels that reach the thresholds [classes] of their classes. */
export function measureAudit(
  { actual, label, confidence, origin }: Audit,
  thresholds: Float32Array,
): AuditResult {
  const correct = Uint8Array.from(actual, (own, i) => Number(own === label[i]));
  const byClass = precisionByClass(actual, label, confidence, thresholds);
  const predicted = byClass.reduce((sum, own) => sum + own.predicted, 0);
  const right = byClass.reduce((sum, own) => sum + own.right, 0);
  const images = new Uint32Array(origin.classes.length);
  for (const own of actual) images[own] = (images[own] ?? 0) + 1;
  const accuracy = correct.reduce((a, b) => a + b, 0) / actual.length;
  const precision = predicted === 0 ? null : right / predicted;
  return {
    images: actual.length,
    accuracy,
    accuracyInterval: shareFacts(accuracy, actual.length).interval,
    calibrationError: expectedCalibrationError(confidence, correct),
    precision,
    ...shareFacts(precision, predicted),
    classes: byClass.map(({ predicted: count, precision: ownPrecision }, i) => {
      const own = count === 0 ? null : ownPrecision;
      return {
        predicted: count,
        precision: own,
        ...shareFacts(own, count),
        actual: images[i] ?? 0,
      };
    }),
  };
}

/** Audited images above the thresholds; older files have them by class only. */
export function auditedAbove({ classes }: Pick<AuditResult, 'classes'>): number {
  return classes.reduce((sum, { predicted }) => sum + predicted, 0);
}

/** Fewer audited images of a class than this say nothing of its precision. */
const fewestPredicted = 20;

interface Watched {
  readonly classes: readonly string[];
  /** Labels of each class above the threshold. */
  readonly eligible: readonly number[];
  readonly audit: AuditResult | undefined;
  /** The audit of the generation before. */
  readonly previous: AuditResult | undefined;
}

type Precision = Pick<AuditResult['classes'][number], 'precision' | 'predicted'>;

function overall(audit: AuditResult): Precision {
  return { precision: audit.precision, predicted: auditedAbove(audit) };
}

/**
 * Warnings, in words: precision that dropped by more than 2 points since the generation before (10
 * for a class), or a class with less than a fifth of the share that it has among the audited
 * images.
 */
export function auditWarnings({ classes, eligible, audit, previous }: Watched): string[] {
  if (!audit) return [];
  const percent = (value: number): string => formatPercent(value, 1);
  const warnings: string[] = [];
  const drop = (what: string, before: Precision, now: Precision, most: number): void => {
    if (before.precision === null || now.precision === null) return;
    if (before.precision - now.precision <= most) return;
    const [then, today] = [before, now].map((own) => formatShareOf(own.precision, own.predicted));
    warnings.push(`precision${what} dropped from ${then ?? ''} to ${today ?? ''}`);
  };
  if (previous) drop('', overall(previous), overall(audit), 0.02);
  const total = eligible.reduce((a, b) => a + b, 0);
  for (const [i, own] of audit.classes.entries()) {
    const name = classes[i] ?? String(i);
    const before = previous?.classes[i];
    if (before && Math.min(before.predicted, own.predicted) >= fewestPredicted)
      drop(` of ${name}`, before, own, 0.1);
    const share = (eligible[i] ?? 0) / total;
    const expected = own.actual / audit.images;
    if (own.actual > 0 && share < expected / 5)
      warnings.push(
        `${name} collapsed: ${percent(share)} of the labels above the threshold, but ${percent(expected)} of the audited images`,
      );
  }
  return warnings;
}
