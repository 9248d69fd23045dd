import { ArtifactError, DataError } from '../../support/errors.js';
import { nearest } from '../../support/nearest.js';
import { canonicalName } from '../text/nearNames.js';

/**
 * Key of the metadata of ONNX models and safetensors files that holds the names of a network's classes: a
 * JSON array, in the order of their numbers.
 */
export const classesKey = 'gradus.classes';

/** The entry of a file's metadata for these names; none if they are not known. */
export function classMetadata(names: readonly string[] | undefined): Record<string, string> {
  return names === undefined ? {} : { [classesKey]: JSON.stringify(names) };
}

/**
 * Names of the classes in the metadata of a file; undefined if it has none. Throws an ArtifactError
 * for an entry that is not a JSON array of texts.
 */
export function classesIn(
  metadata: Readonly<Record<string, string>>,
  path: string,
): readonly string[] | undefined {
  const text = metadata[classesKey];
  if (text === undefined) return undefined;
  let names: unknown;
  try {
    names = JSON.parse(text);
  } catch {
    names = undefined;
  }
  if (isNames(names)) return names;
  throw new ArtifactError(`cannot read the class names in ${path}`, {
    code: 'class-names',
    where: path,
    notes: [`${classesKey} of its metadata is not a JSON array of names`],
    hint: 'export the network again, or correct the entry',
  });
}

/** True if a value read from JSON is a list of names. */
export function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}

/** Sorted by name, or by number if all are whole numbers. */
export function sortClasses(names: Iterable<string>): string[] {
  const sorted = [...names].sort();
  return sorted.every((name) => /^\d{1,15}$/.test(name))
    ? sorted.sort((a, b) => Number(a) - Number(b))
    : sorted;
}

/** The classes that a set must have. */
export interface WantedClasses {
  /** Names in the order of their numbers. */
  readonly names: readonly string[];
  /** Source of the names, as messages call it: `the training`. */
  readonly source: string;
  /** Takes a set that lacks some of the classes; its `missingClasses` names them. */
  readonly partial?: boolean | undefined;
}

/** Numbering of a set's classes. */
export interface ClassMatch {
  /** Names by number. */
  readonly classNames: readonly string[];
  /** The number of each of the set's own names, in their order. */
  readonly numbers: readonly number[];
  /** Wanted classes that the set lacks. */
  readonly missing: readonly string[];
}

/**
 * Numbers the classes of a set: those of `wanted` by the order there, its own by sortClasses if
 * nothing is wanted. Names are compared as canonicalName has them. Throws a DataError with the difference if the set has other classes; `lines` tells the line
 * of a list that a name was found on first.
 */
export function matchClasses(
  found: readonly string[],
  wanted: WantedClasses | undefined,
  where: string,
  lines?: ReadonlyMap<string, number>,
): ClassMatch {
  const own = found.map(canonicalName);
  const classNames = wanted?.names ?? sortClasses(new Set(own));
  const exact = new Map(classNames.map((name, i) => [name, i]));
  const byName = new Map(classNames.map((name, i) => [canonicalName(name), i]));
  const numbers = own.map((name, i) => exact.get(found[i] ?? '') ?? byName.get(name) ?? -1);
  const present = new Set(numbers);
  const missing = classNames.filter((_, i) => !present.has(i));
  const added = found.filter((_, i) => numbers[i] === -1);
  if (wanted && (added.length > 0 || (missing.length > 0 && wanted.partial !== true)))
    throw classesDiffer({ missing, added }, wanted.source, where, lines);
  return { classNames, numbers, missing };
}

/** Throws a DataError with the difference unless each number has the name that it has in the training. */
export function requireSameNumbers(
  found: readonly string[],
  recorded: readonly string[],
  where: string,
): void {
  const notes = namesDifference(found, recorded);
  if (notes === undefined) return;
  throw new DataError(`the classes of ${where} differ from those of the training`, {
    code: 'classes-differ',
    where,
    notes,
    hint: asInTraining,
  });
}

const asInTraining =
  'name the classes as in the training, whose names and numbers the network keeps, or train a new network for the new classes';

interface Difference {
  readonly missing: readonly string[];
  readonly added: readonly string[];
}

/**
 * Differences between numbered classes and those of a training or another `source`, one per line;
 * undefined if each number has the same name.
 */
export function namesDifference(
  found: readonly string[],
  recorded: readonly string[],
  source = 'the training',
): string[] | undefined {
  const same = (name: string, i: number): boolean =>
    canonicalName(name) === canonicalName(recorded[i] ?? '');
  if (found.length === recorded.length && found.every(same)) return undefined;
  const [own, there] = [forms(found), forms(recorded)];
  const lines = differenceLines(
    {
      missing: recorded.filter((name) => !own.has(canonicalName(name))),
      added: found.filter((name) => !there.has(canonicalName(name))),
    },
    source,
  );
  if (lines.length > 0) return lines;
  const at = found.findIndex((name, i) => !same(name, i));
  const [then, now] = [recorded[at], found[at]].map((name) => quoted(name ?? 'nothing'));
  return [`another order: class ${at} is ${then ?? ''} in ${source}, ${now ?? ''} here`];
}

function forms(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map(canonicalName));
}

function classesDiffer(
  difference: Difference,
  source: string,
  where: string,
  lines: ReadonlyMap<string, number> | undefined,
): DataError {
  const firstLine = difference.added
    .map((name) => lines?.get(name) ?? Infinity)
    .reduce((a, b) => Math.min(a, b), Infinity);
  const training = source === 'the training';
  return new DataError(
    `the classes of ${where} differ from those of ${training ? 'the training' : source}`,
    {
      code: 'classes-differ',
      where: firstLine === Infinity ? where : `${where}:${firstLine}`,
      notes: differenceLines(difference, source, lines),
      hint: training ? asInTraining : 'use the same classes in both, with the same names',
    },
  );
}

function differenceLines(
  { missing, added }: Difference,
  source: string,
  lines?: ReadonlyMap<string, number>,
): string[] {
  const notes: string[] = [];
  const here = (name: string): string => {
    const line = lines?.get(name);
    return line === undefined ? 'here' : `here (line ${line})`;
  };
  const [lost, fresh] = [new Set(missing), new Set(added)];
  const pair = (then: string, now: string, note: string): void => {
    notes.push(note);
    lost.delete(then);
    fresh.delete(now);
  };
  const loose = new Map([...added].reverse().map((name) => [loosest(name), name]));
  for (const then of missing) {
    const now = loose.get(loosest(then));
    const how = now === undefined ? undefined : likeness(then, now);
    if (now === undefined || how === undefined || !fresh.has(now)) continue;
    const show = /Unicode/.test(how) ? spelled : quoted;
    pair(
      then,
      now,
      `renamed: ${show(then)} in ${source}, ${show(now)} ${here(now)}: they differ in ${how}`,
    );
  }
  // More would be as many comparisons as pairs.
  if (lost.size <= 100 && fresh.size <= 100)
    for (const then of lost) {
      const now = nearest(then, fresh);
      if (now === undefined) continue;
      pair(then, now, `perhaps renamed: ${quoted(then)} in ${source}, ${quoted(now)} ${here(now)}`);
    }
  const shown = notes.slice(0, 20);
  if (notes.length > 20) shown.push(`and ${notes.length - 20} more renamed classes`);
  if (lost.size > 0) shown.push(`missing: ${listNames([...lost])}`);
  if (fresh.size > 0)
    shown.push(`new: ${listNames([...fresh], (name) => lineBehind(name, lines))}`);
  return shown;
}

function lineBehind(name: string, lines: ReadonlyMap<string, number> | undefined): string {
  const line = lines?.get(name);
  return line === undefined ? '' : ` (line ${line})`;
}

/** Ways in which names differ that are meant to be one, each with what makes them equal. */
const likenesses: readonly (readonly [string, (name: string) => string])[] = [
  [
    'Unicode form',
    (name) => name.normalize('NFKC').replaceAll(/[\u00AD\u200B-\u200F\u2060\uFEFF]/g, ''),
  ],
  ['spaces', (name) => name.replaceAll(/\s+/g, ' ').trim()],
  // Both ways, for letters such as the German sharp s.
  ['case', (name) => name.toUpperCase().toLowerCase()],
  ['spaces, dashes or underscores', (name) => name.replaceAll(/[\s_-]+/g, '')],
  ['leading zeros', (name) => name.replace(/^0+(?=\d+$)/, '')],
];

/** Reduces a name to what remains without all differences of look-alikes. */
function loosest(name: string): string {
  return likenesses.reduce((text, [, same]) => same(text), name);
}

/** A set with classes of which it may lack some. */
interface ClassedSet {
  readonly name: string;
  readonly classNames: readonly string[];
  readonly missingClasses?: readonly string[] | undefined;
}

/** Notes about a set that lacks classes of the network: its figures cover the others. */
export function missingNotes({ name, classNames, missingClasses = [] }: ClassedSet): string[] {
  if (missingClasses.length === 0) return [];
  const present = classNames.length - missingClasses.length;
  return [
    `${name} has images of ${present} of the ${classNames.length} classes, none of ${listNames(missingClasses)}`,
  ];
}

/** The note about a network that was made before names were recorded, or by another program. */
export function unrecordedNote(path: string, names: readonly string[]): string {
  return `${path} does not record the names of its classes; assumed, in this order: ${listNames(names)}`;
}

/**
 * Tells how two names differ that the eye takes for one, such as `case`, or `case and spaces`; undefined
 * if they are really different, or the same.
 */
export function likeness(a: string, b: string): string | undefined {
  if (a === b || loosest(a) !== loosest(b)) return undefined;
  let needed = likenesses;
  // A likeness without which the two are still equal does not separate them; the widest goes
  // first.
  for (const way of likenesses.toReversed()) {
    const fewer = needed.filter((own) => own !== way);
    const fold = (name: string): string => fewer.reduce((text, [, same]) => same(text), name);
    if (fold(a) === fold(b)) needed = fewer;
  }
  return needed.map(([what]) => what).join(' and ');
}

/** A name as it is; in quotes if it begins or ends with a space, or has one that does not show. */
function quoted(name: string): string {
  return /^\s|\s$|\s\s|[^\S ]|^$|,/.test(name) ? JSON.stringify(name) : name;
}

/** A name in quotes with all but ASCII as codes, to tell apart what looks the same. */
function spelled(name: string): string {
  const code = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(name).replaceAll(/[^ -~]/g, code);
}

function listNames(names: readonly string[], behind: (name: string) => string = () => ''): string {
  const some = names
    .slice(0, 8)
    .map((name) => `${quoted(name)}${behind(name)}`)
    .join(', ');
  return names.length > 8 ? `${some} and ${names.length - 8} more` : some;
}
