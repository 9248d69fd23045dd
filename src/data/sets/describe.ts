import { wilson } from '../../support/statistics/interval.js';
import { labelsOf, type Images, type LabelledImages } from './images.js';
import type { LeftOutReason } from './leftOut.js';

/** A class and how many images it has. */
export interface ClassSize {
  readonly name: string;
  readonly images: number;
}

/** Unreadable files of one format, or with one fault. */
export interface UnreadableKind {
  readonly what: string;
  readonly count: number;
}

/** Summary of a set; plain data. */
export interface SetDescription {
  /** Role of the set, such as `labelled`. */
  readonly role: string;
  readonly name: string;
  readonly images: number;
  /** Missing if the images have no labels. */
  readonly classes?: {
    readonly count: number;
    readonly names: readonly string[];
    readonly least: ClassSize;
    readonly most: ClassSize;
  };
  /** Images that are not trained on; missing if none are held out of this set. */
  readonly heldOut?: number;
  /**
   * Files beside the images that look like images and cannot be read: how many, and of which format;
   * with `among`, as of a list, they are counted in `images`.
   */
  readonly unreadable: {
    readonly count: number;
    readonly kinds: readonly UnreadableKind[];
    readonly among?: true;
  };
  /** Files beside the images that are no concern of the set's, by reason. */
  readonly leftOut: readonly LeftOutReason[];
  /** Why its folders may not be its classes. */
  readonly doubt?: string;
}

/** Told of each set that a command opens. */
export type OnSet = (set: SetDescription) => void;

/** Fewer held-out images say little; see heldOutWarning. */
const fewHeldOut = 50;

/** Describes a set as it was opened; `heldOut` is how many of its images are not trained on. */
export function describeSet(
  role: string,
  images: Images & Partial<LabelledImages>,
  heldOut?: number,
): SetDescription {
  const { name, count, leftOut, doubt } = images;
  return {
    role,
    name,
    images: count,
    ...(isLabelled(images) && { classes: classesIn(images) }),
    ...(heldOut !== undefined && { heldOut }),
    unreadable: {
      count: leftOut?.unreadableCount ?? 0,
      kinds: leftOut?.kinds ?? [],
      ...(leftOut?.among === true && leftOut.unreadableCount > 0 && { among: true }),
    },
    leftOut: leftOut?.reasons ?? [],
    ...(doubt !== undefined && { doubt }),
  };
}

function isLabelled(images: Images & Partial<LabelledImages>): images is LabelledImages {
  return images.classNames !== undefined && images.label !== undefined;
}

function classesIn(images: LabelledImages): SetDescription['classes'] {
  const { classNames: names } = images;
  const sizes = images.classSizes ?? sizesOf(images);
  const found = names.map((name, i) => ({ name, images: sizes[i] ?? 0 }));
  const [first = { name: '', images: 0 }] = found;
  return {
    count: names.length,
    names,
    least: found.reduce((least, own) => (own.images < least.images ? own : least), first),
    most: found.reduce((most, own) => (own.images > most.images ? own : most), first),
  };
}

function sizesOf(images: LabelledImages): Uint32Array {
  const sizes = new Uint32Array(images.classNames.length);
  for (const label of labelsOf(images)) sizes[label] = (sizes[label] ?? 0) + 1;
  return sizes;
}

/** `labelled: 210 images of 7 classes, 30 each (animal, face, ...); held out 35` */
export function setLine(set: SetDescription): string {
  const { role, images, classes, heldOut, unreadable, leftOut } = set;
  const parts = [`${role}: ${counted(images, 'image')}${classes ? ofClasses(classes) : ''}`];
  if (heldOut !== undefined) parts.push(`held out ${heldOut.toLocaleString('en-US')}`);
  if (unreadable.count > 0) {
    const kinds = unreadable.kinds.map(({ what, count }) => `${what} ${count}`).join(', ');
    const which = unreadable.among ? 'of them' : 'more';
    parts.push(`${counted(unreadable.count, which)} cannot be read (${kinds})`);
  }
  if (leftOut.length > 0) parts.push(`left out: ${leftOut.map(reasonText).join(', ')}`);
  return parts.join('; ');
}

const shownNames = 3;

function ofClasses({ count, names, least, most }: NonNullable<SetDescription['classes']>): string {
  const sizes =
    least.images === most.images
      ? `${least.images.toLocaleString('en-US')} each`
      : `${least.images.toLocaleString('en-US')} (${least.name}) to ${most.images.toLocaleString('en-US')} (${most.name}) each`;
  const some = names.slice(0, shownNames).join(', ');
  const more = names.length > shownNames ? ', ...' : '';
  return ` of ${count === 1 ? '1 class' : `${count.toLocaleString('en-US')} classes`}, ${sizes} (${some}${more})`;
}

function reasonText({ what, count, first }: LeftOutReason): string {
  // One folder's name says enough; of other files an example helps.
  const example = what.startsWith('files in ') ? '' : ` (${count === 1 ? '' : 'such as '}${first})`;
  const one = count === 1 ? what.replace(/^(.*?)(file|folder|image)s/, '$1$2') : what;
  return `${count.toLocaleString('en-US')} ${one}${example}`;
}

function counted(count: number, what: string): string {
  const plural = what === 'image' && count !== 1 ? 's' : '';
  return `${count.toLocaleString('en-US')} ${what}${plural}`;
}

/**
 * Says how far a figure that few held-out images give may be off, taking 90 % right as the example;
 * undefined if they are enough.
 */
export function heldOutWarning({ heldOut }: Pick<SetDescription, 'heldOut'>): string | undefined {
  if (heldOut === undefined || heldOut >= fewHeldOut) return undefined;
  const [low, high] = wilson(0.9 * heldOut, heldOut).map((end) => Math.round(100 * end));
  const are = heldOut === 1 ? '1 image is' : `${heldOut} images are`;
  return `warning: only ${are} held out: a measured accuracy of 90 % would mean ${low} to ${high} %; hold out a larger fraction, or add labelled images`;
}
