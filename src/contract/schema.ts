/** Helpers shared by the schemas of files. */
import { z } from 'zod';
import { ArtifactError } from '../support/errors.js';
import type { Prose } from '../support/phrase.js';

/** A list whose type is readonly. */
export function list<T>(item: z.ZodType<T>): z.ZodType<readonly T[]> {
  return z.array(item);
}

interface Naming {
  readonly what: string;
  readonly hint: Prose;
}

/** Parses JSON text by a schema; an ArtifactError names the file and the keys that are wrong. */
export function checked<T>(
  schema: z.ZodType<T>,
  text: string,
  file: string,
  { what, hint }: Naming,
): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ArtifactError(`${file} is not a valid ${what}: it is not JSON`, {
      code: `${what.replaceAll(' ', '-')}-invalid`,
      where: file,
      hint,
      cause,
    });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `  ${path.map(String).join('.') || '(top level)'}: ${message}`);
  throw new ArtifactError(`${file} is not a valid ${what}:\n${problems.join('\n')}`, {
    code: `${what.replaceAll(' ', '-')}-invalid`,
    where: file,
    hint,
  });
}
