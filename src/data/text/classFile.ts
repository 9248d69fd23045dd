import { DataError } from '../../support/errors.js';
import { csvFields } from './csv.js';
import { canonicalName, requireDistinct } from './nearNames.js';
import { readText } from './text.js';

/**
 * Names of classes from a file with one a line, in the order of their numbers; a name in double
 * quotes is read as in CSV. Throws a DataError with the line for a blank line between names, a quote
 * that is not closed and a name that is there twice or looks like another, and as readText does.
 */
export function readClassNames(path: string): string[] {
  const lines = readText(path).trimEnd().split('\n');
  const first = new Map<string, number>();
  const wrong = (number: number, message: string, hint: string): DataError =>
    new DataError(message, { code: 'class-file', where: `${path}:${number}`, hint });
  for (const [i, line] of lines.entries()) {
    const name = nameIn(line.trim());
    if (name === undefined)
      throw wrong(
        i + 1,
        `line ${i + 1} has a quote that is not closed, or stands inside a name`,
        'put the whole name into double quotes, and write a quote in it twice',
      );
    if (name === '')
      throw wrong(
        i + 1,
        lines.length === 1 ? `${path} names no classes` : `line ${i + 1} is blank`,
        'write one name per line, in the order of the classes: a blank line would shift those below',
      );
    const before = first.get(name);
    if (before !== undefined)
      throw wrong(
        i + 1,
        `the class ${JSON.stringify(name)} is named twice: lines ${before} and ${i + 1}`,
        'use a different name for each class',
      );
    first.set(name, i + 1);
  }
  requireDistinct(
    [...first].map(([name, number]) => ({ name, place: `line ${number}` })),
    path,
  );
  return [...first.keys()];
}

/** Commas belong to a name: many names of ImageNet have them. Undefined for stray quotes. */
function nameIn(line: string): string | undefined {
  if (!line.includes('"')) return canonicalName(line);
  const fields = csvFields(line);
  return typeof fields === 'string' || fields.length !== 1
    ? undefined
    : canonicalName(fields[0] ?? '');
}
