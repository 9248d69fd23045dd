/** Messages about images that a run has twice, in one set or in two. */
import { lineOfRow } from '../sets/list.js';
import type { LabelledImages } from '../sets/images.js';
import { eachShared, repeatsIn, type KnownSet, type Pair, type Repeats } from './sharedImages.js';
import { DataError } from '../../support/errors.js';
import { option, phrase } from '../../support/phrase.js';

const shown = 5;

export interface SharedOptions {
  /** Accepts files of the same contents under two classes, which are told. */
  readonly acceptData?: boolean | undefined;
  readonly tell?: ((text: string) => void) | undefined;
}

/** The sets of a run, as their roles. */
export interface KnownSets {
  readonly labelled: KnownSet & { readonly images: LabelledImages };
  readonly test?: (KnownSet & { readonly images: LabelledImages }) | undefined;
  readonly unlabelled?: KnownSet | undefined;
}

/** Pairs of one kind: counted, the first of them kept. */
class Found {
  count = 0;
  readonly first: Pair[] = [];

  add(pair: Pair): void {
    this.count += 1;
    if (this.first.length < shown) this.first.push(pair);
  }
}

/**
 * Tells which images a run has twice. Throws a DataError for one that has two classes, and for test
 * images that are all labelled ones.
 */
export async function checkShared(sets: KnownSets, options: SharedOptions): Promise<Repeats> {
  const { labelled, test, unlabelled } = sets;
  const repeats = repeatsIn(labelled);
  await checkRepeats(labelled, repeats, options);
  if (test) await checkTest(labelled, test, repeats, options);
  if (unlabelled) tellUnlabelled(sets, unlabelled, repeats, options);
  return repeats;
}

async function checkRepeats(
  labelled: KnownSets['labelled'],
  { pairs }: Repeats,
  options: SharedOptions,
): Promise<void> {
  const [same, files, contents] = [new Found(), new Found(), new Found()];
  const { images } = labelled;
  for (const pair of pairs)
    if (images.label(pair.first) === images.label(pair.second)) same.add(pair);
    else (pair.sameFile ? files : contents).add(pair);
  await requireOneClass(labelled, labelled, { files, contents }, options);
  if (same.count === 0) return;
  const them = same.count === 1 ? '1 image repeats' : `${same.count} images repeat`;
  options.tell?.(
    `${images.name}: ${them} another image, by path or by contents (${examples(labelled, same)}); none is both held out and trained on`,
  );
}

/** An image cannot be of two classes: of which is for a person to say. */
async function requireOneClass(
  one: KnownSets['labelled'],
  other: KnownSets['labelled'],
  { files, contents }: { readonly files: Found; readonly contents: Found },
  { acceptData = false, tell }: SharedOptions,
): Promise<void> {
  // Nobody can take a single image out of a packed set.
  const accepted = acceptData || one.images.packed !== undefined;
  const count = files.count + (accepted ? 0 : contents.count);
  if (accepted && contents.count > 0)
    tell?.(
      `warning: ${contents.count} of the images of ${other.images.name} ${contents.count === 1 ? 'has' : 'have'} the contents of one of another class (${examples(other, contents)})`,
    );
  if (count === 0) return;
  const pairs = accepted ? files.first : [...files.first, ...contents.first].slice(0, shown);
  const notes: string[] = [];
  for (const pair of pairs) {
    const how = pair.sameFile ? 'the same file' : 'the same contents';
    const sides = [await sideOf(one.images, pair.first), await sideOf(other.images, pair.second)];
    notes.push(`${sides.join(', ')}: ${how}`);
  }
  if (count > notes.length) notes.push(`and ${count - notes.length} more`);
  const hint = 'keep only the copy with the right class';
  throw new DataError(
    count === 1 ? 'an image has two classes' : `${count} images have two classes`,
    {
      code: 'two-classes',
      where: other.images.name,
      notes,
      hint:
        files.count > 0
          ? hint
          : phrase`${hint}; or ${option('acceptData', true)} uses both as they are`,
    },
  );
}

/** `list.csv:12: cats/1.png is cat` */
async function sideOf(images: LabelledImages, place: number): Promise<string> {
  const line = await lineOfRow(images.name, place);
  const listed = line === undefined ? '' : `${images.name}:${line}: `;
  return `${listed}${images.id(place)} is ${images.classNames[images.label(place)] ?? ''}`;
}

async function checkTest(
  labelled: KnownSets['labelled'],
  test: NonNullable<KnownSets['test']>,
  { index }: Repeats,
  options: SharedOptions,
): Promise<void> {
  const [same, files, contents] = [new Found(), new Found(), new Found()];
  eachShared(index, test, (pair) => {
    const [own, other] = [labelled.images, test.images];
    const [first, second] = [own.label(pair.first), other.label(pair.second)];
    if (own.classNames[first] === other.classNames[second]) same.add(pair);
    else (pair.sameFile ? files : contents).add(pair);
  });
  await requireOneClass(labelled, test, { files, contents }, options);
  const { count, name } = test.images;
  if (same.count === count)
    throw new DataError(`all ${count} test images are among the labelled ones`, {
      code: 'test-is-labelled',
      where: name,
      notes: [examples(test, same)],
      hint: 'test on other images: these are trained on, and a part of them is held out for validation anyway',
    });
  if (same.count > 0)
    options.tell?.(
      `warning: ${same.count} of ${count} test images are labelled ones too (${examples(test, same)}): the test accuracy will be too optimistic${partly(test)}`,
    );
}

function tellUnlabelled(
  { test }: KnownSets,
  unlabelled: KnownSet,
  { index }: Repeats,
  { tell }: SharedOptions,
): void {
  const { count } = unlabelled.images;
  const shared = new Found();
  eachShared(index, unlabelled, (pair) => {
    shared.add(pair);
  });
  if (shared.count > 0)
    tell?.(
      `${shared.count} of ${count} unlabelled images are labelled ones too (${examples(unlabelled, shared)})${partly(unlabelled)}`,
    );
  if (!test) return;
  const tested = new Found();
  eachShared(repeatsIn(test).index, unlabelled, (pair) => {
    tested.add(pair);
  });
  if (tested.count > 0)
    tell?.(
      `warning: ${tested.count} of ${count} unlabelled images are test images too (${examples(unlabelled, tested)}): the students are trained on them${partly(unlabelled)}`,
    );
}

function examples({ images }: KnownSet, { first, count }: Found): string {
  const names = first.slice(0, 3).map(({ second }) => images.id(second));
  return count > names.length ? `${names.join(', ')}, ...` : names.join(', ');
}

/** Note that not all contents of a large set are compared. */
function partly({ stats: { every } }: KnownSet): string {
  if (every === 1) return '';
  return every === 0
    ? '; contents were not compared'
    : `; contents were compared for one in ${every} sizes`;
}
