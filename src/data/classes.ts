import { DataError } from '../support/errors.js';
import { nearest } from '../support/nearest.js';

/** Throws a DataError where the classes of a set are not those of the set that it goes with. */
export function checkClasses(
  found: readonly string[],
  wanted: readonly string[],
  where: string,
): void {
  const missing = wanted.filter((name) => !found.includes(name));
  const others = found.filter((name) => !wanted.includes(name));
  if (missing.length === 0 && others.length === 0) return;
  const notes = [
    ...(missing.length > 0 ? [`missing: ${listNames(missing)}`] : []),
    ...(others.length > 0 ? [`not among the labelled classes: ${listNames(others)}`] : []),
  ];
  throw new DataError(`the classes of ${where} are not those of the labelled images`, {
    code: 'classes-differ',
    where,
    notes,
    hint: 'give both the same classes, with the same names',
  });
}

/** `"cta" is not a class (did you mean cat?); there are cat, dog` */
export function unknownClass(name: string, classes: readonly string[]): string {
  const close = nearest(name, classes);
  const guess = close === undefined ? '' : ` (did you mean ${close}?)`;
  return `${JSON.stringify(name)} is not a class${guess}; there are ${listNames(classes)}`;
}

/** Sorted by name, or by number where all are whole numbers. */
export function sortClasses(names: Iterable<string>): string[] {
  const sorted = [...names].sort();
  return sorted.every((name) => /^\d{1,15}$/.test(name))
    ? sorted.sort((a, b) => Number(a) - Number(b))
    : sorted;
}

function listNames(names: readonly string[]): string {
  const some = names.slice(0, 8).join(', ');
  return names.length > 8 ? `${some} and ${names.length - 8} more` : some;
}
