import { DataError } from '../../support/errors.js';

/** A class name as it is compared: without outer spaces, and composed (Unicode NFC). */
export function canonicalName(name: string): string {
  return name.trim().normalize('NFC');
}

/** The same for names that a person would take for one: case, spaces and Unicode form left out. */
function lookOf(name: string): string {
  // Marks of direction and joiners have no width; sharp s has no single capital.
  const visible = name.normalize('NFKC').replaceAll(/[\s\p{Cf}]/gu, '');
  return visible.toUpperCase().toLowerCase().normalize('NFKC');
}

/** A name as the user wrote it, and where. */
export interface PlacedName {
  readonly name: string;
  /** Such as `line 3`; without one the name says enough. */
  readonly place?: string;
}

/**
 * Throws a DataError for names that look alike: equal but for case, spaces or Unicode form. They are
 * mostly one class written in two ways.
 */
export function requireDistinct(names: Iterable<PlacedName>, where: string): void {
  const seen = new Map<string, PlacedName>();
  const pairs: [PlacedName, PlacedName][] = [];
  for (const placed of names) {
    const look = lookOf(placed.name);
    const before = seen.get(look);
    if (before) pairs.push([before, placed]);
    else seen.set(look, placed);
  }
  const [first] = pairs;
  if (first === undefined) return;
  const [a, b] = first;
  const more = pairs.length - shownPairs;
  throw new DataError(
    `the class names ${shown(a.name)} and ${shown(b.name)} differ only in ${difference(a.name, b.name)}`,
    {
      code: 'near-names',
      where,
      notes: [
        ...pairs.slice(0, shownPairs).map((pair) => pair.map(described).join(' and ')),
        ...(more > 0 ? [`and ${more} more`] : []),
      ],
      hint: 'write the name of a class the same way everywhere, or rename one of the two',
    },
  );
}

const shownPairs = 5;

function described({ name, place }: PlacedName): string {
  return place === undefined ? shown(name) : `${shown(name)} (${place})`;
}

function difference(a: string, b: string): string {
  const [left, right] = [canonicalName(a), canonicalName(b)];
  if (left === right) return a.trim() === b.trim() ? 'their Unicode form' : 'spaces';
  if (left.toLowerCase() === right.toLowerCase()) return 'upper and lower case';
  const spaceless = (name: string): string => name.replaceAll(/\s/g, '');
  return spaceless(left) === spaceless(right) ? 'spaces' : 'case, spaces or Unicode form';
}

/** A name in quotes, with the code of each character that cannot be seen or told from another. */
function shown(name: string): string {
  return JSON.stringify(name).replaceAll(
    /[^\p{L}\p{N}\p{P}\p{S} ]/gu,
    (mark) => `\\u{${(mark.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
