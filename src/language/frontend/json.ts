import { readFileSync } from 'node:fs';
import { positionOf, type LoadContext } from './prepare.js';
import { loadTsMorph } from './tsMorph.js';
import { fileError } from './userErrors.js';

/** The text of a JSON file and its value; a syntax error is reported at its line and column. */
export function readJson(
  path: string,
  context: Pick<LoadContext, 'kind' | 'nameOf'>,
): { readonly text: string; readonly value: unknown } {
  const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  try {
    return { text, value: JSON.parse(text) as unknown };
  } catch (cause) {
    const file = context.nameOf(path);
    const { message, start, length } = jsonProblem(path, text, cause);
    throw fileError(context.kind, message, {
      code: 'syntax-error',
      where: start === undefined ? file : { file, ...positionOf(text, { start, length }) },
      hint: 'JSON has no comments, no trailing commas, and names in double quotes',
      cause,
    });
  }
}

/** TypeScript's parser says where; it lets comments and trailing commas pass, JSON.parse does not. */
function jsonProblem(
  path: string,
  text: string,
  cause: unknown,
): { message: string; start: number | undefined; length: number } {
  const { ts } = loadTsMorph();
  const parsed = ts.parseJsonText(path, text) as { parseDiagnostics?: unknown };
  const [first] = (parsed.parseDiagnostics ?? []) as {
    messageText: string;
    start: number;
    length: number;
  }[];
  if (first !== undefined)
    return { message: first.messageText, start: first.start, length: first.length };
  const message = cause instanceof Error ? cause.message : String(cause);
  const position = /at position (\d+)/.exec(message)?.[1];
  return { message, start: position === undefined ? undefined : Number(position), length: 1 };
}
