import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  openHeldOut,
  openLabelledSource,
  openSource,
  type OpenSourceOptions,
} from '../api/imageSources.js';
import { Labeller, type LabellerOptions } from '../api/labeller.js';
import type { ImageSource } from '../data/imageSource.js';
import { LoaderPool } from '../data/loaderPool.js';
import { defaultUnreadable, UnreadableImages } from '../data/unreadable.js';
import { resolveCheckpoint } from '../runtime/checkpoint.js';
import { readError } from '../runtime/fileErrors.js';
import { auditPath, auditTeacher, measureAudit, readAudit, type AuditResult } from './audit.js';
import { labelImages, type LabelOptions, type LabelSummary } from './label.js';
import { originDifference, type LabelOrigin } from './labelStore.js';

export interface LabelRequest
  extends LabelOptions, Pick<LabellerOptions, 'batch' | 'threads' | 'device'> {
  /** The images to label, as the command line names them. */
  readonly data: string;
  /**
   * Labelled images that audit the teacher: a data set, `none`, or by default what its training held
   * out, where that is known.
   */
  readonly audit?: string | undefined;
  /** How many images may be unreadable; unreadable.jsonl in the folder of the labels lists them. */
  readonly unreadable?: number | undefined;
  /** A file with the names of the teacher's classes, one a line, where its training does not tell. */
  readonly classes?: string | undefined;
}

/** What labelling ends with; `audit` is of all audited images, whatever their confidence. */
export interface LabelRunSummary extends LabelSummary {
  readonly data: string;
  readonly audit: AuditResult | null;
}

/** Labels a data set with the teacher of a path, and audits the teacher on held-out images. */
export async function labelDataSet(path: string, request: LabelRequest): Promise<LabelRunSummary> {
  const pool = new LoaderPool();
  const file = join(request.out, 'unreadable.jsonl');
  const limit = request.unreadable ?? defaultUnreadable;
  try {
    return await labelWith(path, request, {
      pool,
      unreadable: new UnreadableImages({ file, limit }),
    });
  } finally {
    await pool.close();
  }
}

async function labelWith(
  path: string,
  request: LabelRequest,
  options: OpenSourceOptions,
): Promise<LabelRunSummary> {
  const source = await openSource(request.data, options);
  const { batch, threads, device } = request;
  const heldOut = await auditSource(path, request.audit, options);
  const classNames =
    request.classes === undefined ? heldOut?.classNames : readClassNames(request.classes);
  const labeller = await Labeller.create(path, { batch, threads, device, classNames });
  try {
    const summary = await labelImages(labeller, source, request);
    const audit = summary.interrupted ? undefined : await audited(labeller, heldOut, request);
    return { ...summary, data: request.data, audit: audit ?? null };
  } finally {
    await labeller.close();
  }
}

async function auditSource(
  path: string,
  wanted: string | undefined,
  options: OpenSourceOptions,
): Promise<ImageSource | undefined> {
  if (wanted === 'none') return undefined;
  if (wanted !== undefined) return openLabelledSource(wanted, options);
  return path.endsWith('.onnx') ? undefined : openHeldOut(resolveCheckpoint(path), options);
}

/** Audits the teacher, unless it was audited with the same images before. */
async function audited(
  labeller: Labeller,
  source: ImageSource | undefined,
  { out, temperature = 1 }: LabelRequest,
): Promise<AuditResult | undefined> {
  if (!source) return undefined;
  const { teacher } = labeller;
  const origin: LabelOrigin = {
    teacher: { name: teacher.name, fingerprint: teacher.fingerprint },
    classes: [...teacher.classes],
    temperature,
    topK: 1,
    data: { name: source.name, fingerprint: source.fingerprint, size: source.count },
  };
  const done = existsSync(auditPath(out)) ? await readAudit(out) : undefined;
  if (!done || originDifference(origin, done.origin) !== undefined)
    await auditTeacher(labeller, source, out, temperature);
  const audit = await readAudit(out);
  return audit && measureAudit(audit, new Float32Array(teacher.classes.length));
}

function readClassNames(path: string): string[] {
  try {
    const lines = readFileSync(path, 'utf8').split(/\r?\n/);
    return lines.map((line) => line.trim()).filter((line) => line !== '');
  } catch (error) {
    throw readError(error, path);
  }
}
