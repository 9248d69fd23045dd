import { ArtifactError } from '../../../support/errors.js';

/** The key under which Gradus records class names, a JSON array in the order of the scores. */
export const ownClassesKey = 'gradus.classes';

/** Keys under which other programs record class names. */
export const foreignKeys: readonly string[] = [
  'names',
  'classes',
  'labels',
  'class_names',
  'label_names',
  'id2label',
];

export interface RecordedNames {
  readonly names: readonly string[];
  /** Key of the metadata that has them. */
  readonly key: string;
}

export interface FoundNames {
  readonly found: RecordedNames | undefined;
  /** Why names that are there are not taken. */
  readonly notes: readonly string[];
}

/**
 * Names of the classes in a model's metadata: what Gradus wrote, else a list or a dictionary by
 * number under a key that is common, as JSON, as Python writes it or a name a line. Throws an
 * ArtifactError if Gradus' own do not fit the scores.
 */
export function classNamesIn(
  metadata: Readonly<Record<string, string>>,
  classes: number,
  path: string,
): FoundNames {
  const own = metadata[ownClassesKey];
  if (own !== undefined) {
    const names = listOf(own, false);
    if (names?.length === classes) return { found: { names, key: ownClassesKey }, notes: [] };
    throw new ArtifactError(
      `${path} has ${names ? `${names.length} names for its` : 'unreadable names of its'} ${classes} classes`,
      {
        code: 'class-names',
        where: path,
        notes: [`${ownClassesKey}: ${own.slice(0, 200)}`],
        hint: 'export the network again',
      },
    );
  }
  const notes: string[] = [];
  let found: RecordedNames | undefined;
  for (const key of foreignKeys) {
    const text = metadata[key];
    if (text === undefined || text.trim() === '') continue;
    const names = listOf(text, true);
    const problem = problemOf(names, classes);
    if (names === undefined || problem !== undefined)
      notes.push(`the class names under ${key} in its metadata are ignored: ${problem ?? ''}`);
    else if (found && found.names.join('\n') !== names.join('\n'))
      return {
        found: undefined,
        notes: [
          `the class names under ${found.key} and ${key} in its metadata differ: both are ignored`,
        ],
      };
    else found ??= { names, key };
  }
  return { found, notes };
}

function problemOf(names: readonly string[] | undefined, classes: number): string | undefined {
  if (!names) return 'they are not a list';
  if (names.length !== classes) return `${names.length} names for ${classes} classes`;
  if (new Set(names).size < names.length) return 'a name occurs twice';
  return names.includes('') ? 'a name is empty' : undefined;
}

/** A list of names, or a dictionary of them by number from 0; undefined if the text is neither. */
function listOf(text: string, lines: boolean): readonly string[] | undefined {
  const value = jsonOf(text) ?? literalOf(text);
  if (value === undefined) {
    if (!lines || /^\s*[[{]/.test(text) || !text.includes('\n')) return undefined;
    return text
      .trim()
      .split(/\r\n|\r|\n/)
      .map((line) => line.trim());
  }
  if (Array.isArray(value)) return isTexts(value) ? value : undefined;
  const byNumber = new Map<string, unknown>(Object.entries(value));
  const names = Array.from(byNumber, (_, i) => byNumber.get(String(i)));
  return names.length > 0 && isTexts(names) ? names : undefined;
}

/** An array, or an object. */
type Listed = object;

function jsonOf(text: string): Listed | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

const quoted = String.raw`'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"`;
const wholeList = new RegExp(
  String.raw`^\s*[[(]\s*(?:(?:${quoted})\s*(?:,\s*|(?=[\])])))*[\])]\s*$`,
  's',
);
const wholeDictionary = new RegExp(
  String.raw`^\s*\{\s*(?:\d+\s*:\s*(?:${quoted})\s*(?:,\s*|(?=\})))*\}\s*$`,
  's',
);
const entry = new RegExp(String.raw`(?:(\d+)\s*:\s*)?(${quoted})`, 'gs');

/** Parses what Python prints for a list of texts, or for a dictionary of texts by number. */
function literalOf(text: string): Listed | undefined {
  const isList = wholeList.test(text);
  if (!isList && !wholeDictionary.test(text)) return undefined;
  const entries = [...text.matchAll(entry)].map(([, key, value = '']) => ({
    key: String(Number(key)),
    name: value.slice(1, -1).replace(/\\(['"\\])/g, '$1'),
  }));
  if (isList) return entries.map(({ name }) => name);
  return Object.fromEntries(entries.map(({ key, name }) => [key, name]));
}

function isTexts(values: readonly unknown[]): values is readonly string[] {
  return values.every((value) => typeof value === 'string');
}
