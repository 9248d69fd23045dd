import { option, phrase, type Prose } from '../../support/phrase.js';
import { agreementWithFloat32 } from '../../training/labelling/agreement.js';
import type { Agreement } from '../../training/labelling/agreementNote.js';
import type { DeviceChoice } from '../../runtime/machine/deviceNames.js';
import { openLabelledSet, openUnlabelledSet } from '../../data/datasets/openSets.js';
import { asSource, type OpenSourceOptions } from '../../data/loader/openSource.js';
import { openSetOfOnnx } from '../../training/labelling/onnxSets.js';
import { Labeller, type LabellerOptions } from '../../training/labelling/labeller.js';
import { asRecorded, recordedClasses } from '../../training/record/runRecord.js';
import type { Teacher } from '../../training/labelling/teacher.js';
import { unfinishedRun, type UnfinishedRun } from '../../training/record/unfinishedRun.js';
import { readClassNames } from '../../data/text/classFile.js';
import { missingNotes, unrecordedNote } from '../../data/sets/classes.js';
import type { Images } from '../../data/sets/images.js';
import type { ImageSource } from '../../data/loader/imageSource.js';
import type { OnSet } from '../../data/sets/describe.js';
import { LoaderPool } from '../../data/loader/loaderPool.js';
import { defaultUnreadable, UnreadableImages } from '../../data/loader/unreadable.js';
import { resolveCheckpoint } from '../../runtime/storage/checkpoint.js';
import { placesOf } from '../../runtime/storage/places.js';
import { auditOnce, type AuditResult } from '../labels/audit.js';
import { openHeldOut } from './heldOut.js';
import { ShardMemory, type ShardMemoryOptions } from '../labels/shardMemory.js';
import { labelImages, type LabelOptions, type LabelSummary } from '../labels/label.js';

/** Teacher and images of a labelling, as a command line names them. */
export interface TeacherRequest extends Pick<
  LabellerOptions,
  | 'batch'
  | 'threads'
  | 'sessions'
  | 'device'
  | 'precision'
  | 'onnx'
  | 'onReading'
  | 'model'
  | 'trust'
> {
  /** The images to label. */
  readonly data: string;
  /**
   * Labelled images that audit the teacher: a data set, `none`, or by default what its training held
   * out, if that is known.
   */
  readonly audit?: string | undefined;
  /** Number of images that may be unreadable; a list of them is written beside the labels. */
  readonly unreadable?: number | undefined;
  /** A file with the names of the teacher's classes, one a line, if its training does not tell. */
  readonly classes?: string | undefined;
  /** Told of each set as it was opened. */
  readonly onSet?: OnSet | undefined;
  /** Labels images anew that have changed since they got labels; refused unless told. */
  readonly acceptData?: boolean | undefined;
  /** Hashes the contents of all files, however many. */
  readonly hashData?: boolean | undefined;
  /** Told, in a line each, what is noteworthy of the images. */
  readonly onNote?: ((text: string) => void) | undefined;
  /** Told where the teacher runs, and why there. */
  readonly onDevice?: ((choice: DeviceChoice) => void) | undefined;
  /** Told before the work begins that the teacher is a run that has not ended. */
  readonly onUnfinished?: ((run: UnfinishedRun) => void) | undefined;
}

export interface LabelRequest extends Omit<LabelOptions, 'memory'>, TeacherRequest {}

/** Result of labelling; `audit` covers all audited images, whatever their confidence. */
export interface LabelRunSummary extends LabelSummary {
  readonly data: string;
  readonly audit: AuditResult | null;
  /** Agreement of 16-bit labels with float32 ones, on some of the images; missing in float32. */
  readonly agreement?: Agreement;
  /** Why the images that the teacher's run held out did not audit it; see HeldOut. */
  readonly lost?: string | undefined;
  /** The teacher's run, if it has not ended. */
  readonly unfinished?: UnfinishedRun;
  /** Assumptions. */
  readonly notes: readonly Prose[];
}

/** Labels a data set with the teacher of a path, and audits the teacher on held-out images. */
export async function labelDataSet(path: string, request: LabelRequest): Promise<LabelRunSummary> {
  const list = placesOf(request.out).unreadable;
  return withTeacher(
    path,
    request,
    list,
    async ({ labeller, images, source, heldOut, heldOutImages, lost, unfinished, notes }) => {
      const { classes: classNames } = labeller.teacher;
      const options = { ...optionsOf(request), classNames };
      const agreement = await agreementWithFloat32(labeller, path, options, source);
      const summary = await labelImages(labeller, source, {
        ...request,
        memory: new ShardMemory(images, memoryOf(request)),
      });
      const audit =
        heldOut && !summary.interrupted
          ? await auditOnce(labeller, heldOut, request.out, {
              temperature: request.temperature,
              memory: heldOutImages && new ShardMemory(heldOutImages, memoryOf(request)),
            })
          : null;
      const more = {
        ...(agreement && { agreement }),
        ...(lost !== undefined && { lost }),
        ...(unfinished && { unfinished }),
      };
      return { ...summary, data: request.data, audit, notes, ...more };
    },
  );
}

/** A teacher that is ready, and what it is to label. */
interface ReadyTeacher extends Auditors {
  readonly unfinished: UnfinishedRun | undefined;
  readonly notes: readonly Prose[];
  readonly labeller: Labeller;
  readonly images: Images;
  readonly source: ImageSource;
}

interface Auditors {
  /** Labelled images that audit the teacher. */
  readonly heldOut?: ImageSource | undefined;
  /** The same as files; missing for packed images, whose fingerprint changes with them. */
  readonly heldOutImages?: Images | undefined;
  /** Why those that its run held out do not. */
  readonly lost?: string;
  /** Notes about them. */
  readonly notes?: readonly Prose[];
}

/** Opens teacher and images for as long as `body` runs; `list` is the file of unreadable images. */
export async function withTeacher<T>(
  path: string,
  request: TeacherRequest,
  list: string,
  body: (ready: ReadyTeacher) => Promise<T>,
): Promise<T> {
  const pool = new LoaderPool();
  const limit = request.unreadable ?? defaultUnreadable;
  const unreadable = new UnreadableImages({ file: list, limit, allow: ['unreadable'] });
  const clean = { pool, unreadable, onSet: request.onSet };
  let labeller: Labeller | undefined;
  try {
    const images = await openUnlabelledSet(request.data);
    const source = asSource('to label', images, clean);
    const recorded = isOnnx(path) ? undefined : recordedClasses(path);
    const given = request.classes === undefined ? undefined : readClassNames(request.classes);
    const auditors = await auditorsOf(path, request, clean, recorded ?? given);
    const classNames = given ?? (recorded ? undefined : auditors.heldOut?.classNames);
    labeller = await Labeller.create(path, { ...optionsOf(request), classNames });
    request.onDevice?.(labeller.device);
    const unfinished = unfinishedRun(path);
    if (unfinished) request.onUnfinished?.(unfinished);
    // For an .onnx file the note is part of how it is read.
    const named = recorded !== undefined || given !== undefined || isOnnx(path);
    const notes = [...(named ? [] : [unnamedNote(labeller.teacher)]), ...(auditors.notes ?? [])];
    return await body({ labeller, images, source, unfinished, ...auditors, notes });
  } finally {
    await labeller?.close();
    await pool.close();
  }
}

function unnamedNote({ path, classes, named }: Teacher): Prose {
  return named
    ? unrecordedNote(path, classes)
    : phrase`${path} does not record the names of its classes: labels call them 0 to ${classes.length - 1}; ${option('classes', 'FILE')} names them`;
}

/** Options for remembering the images of labels, from a request. */
export function memoryOf({ acceptData, hashData, onNote }: TeacherRequest): ShardMemoryOptions {
  return { acceptData, hashData, tell: onNote };
}

/** Picks the labeller's options out of a request. */
function optionsOf(request: TeacherRequest) {
  const { batch, threads, sessions, device, precision, onnx, onReading, model, trust } = request;
  return {
    ...{ batch, threads, sessions, device, precision, onnx, onReading },
    ...{ model, trust },
  } satisfies LabellerOptions;
}

async function auditorsOf(
  path: string,
  { audit: wanted, onnx }: TeacherRequest,
  options: OpenSourceOptions,
  names: readonly string[] | undefined,
): Promise<Auditors> {
  if (wanted === 'none') return {};
  if (wanted !== undefined) {
    const images =
      isOnnx(path) && names === undefined
        ? await openSetOfOnnx(wanted, path, onnx)
        : await openLabelledSet(wanted, { classes: asRecorded(names, true) });
    return {
      heldOut: asSource('audit', images, options),
      ...{ heldOutImages: filesOf(images), notes: missingNotes(images) },
    };
  }
  if (isOnnx(path)) return {};
  const found = await openHeldOut(resolveCheckpoint(path));
  if (!found || 'lost' in found) return found ?? {};
  const { images, notes } = found;
  return {
    heldOut: asSource('audit', images, options, images.count),
    ...{ heldOutImages: filesOf(images), notes },
  };
}

function filesOf(images: Images): Images | undefined {
  return images.packed ? undefined : images;
}

function isOnnx(path: string): boolean {
  return path.endsWith('.onnx');
}
