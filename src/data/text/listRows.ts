import { csvFields } from './csv.js';

/** A line of a list of images. */
export interface ListRow {
  readonly path: string;
  readonly label?: string | undefined;
}

/** Reader for the lines of a list; each method returns faults as a text. */
export interface ListFormat {
  /** True if the first line names the columns. */
  readonly header: boolean;
  row(line: string): ListRow | string;
}

/** Lines such as `{"path": "cats/1.jpg", "label": "cat"}`. */
export const jsonLines: ListFormat = {
  header: false,
  row(line) {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return 'this line is not JSON';
    }
    if (typeof value !== 'object' || value === null) return 'this line is not a JSON object';
    const { path, label } = value as { readonly path?: unknown; readonly label?: unknown };
    if (typeof path !== 'string' || path === '') return 'the text "path" is missing';
    if (label === undefined || label === null) return { path };
    if (typeof label === 'string' || typeof label === 'number')
      return { path, label: String(label).trim() === '' ? undefined : String(label) };
    return '"label" is neither text nor a number';
  },
};

/** Comma-separated values below a line that names the columns; a text of what is wrong with it. */
export function commaLines(header: string): ListFormat | string {
  const names = csvFields(header);
  if (typeof names === 'string') return names;
  const twice = ['path', 'label'].find((name) => names.indexOf(name) !== names.lastIndexOf(name));
  if (twice !== undefined) return `the first line names the column "${twice}" twice`;
  const [path, label] = [names.indexOf('path'), names.indexOf('label')];
  if (path < 0)
    return names.length === 1 && /[;\t]/.test(header)
      ? 'the columns are not separated by commas'
      : 'the first line names no column "path"';
  return {
    header: true,
    row(line) {
      const fields = csvFields(line);
      if (typeof fields === 'string') return fields;
      if (fields.length !== names.length)
        return `${fields.length} fields, but ${names.length} columns`;
      const { [path]: file = '', [label]: name = '' } = fields;
      if (file === '') return 'the path is empty';
      return { path: file, label: name.trim() === '' ? undefined : name };
    },
  };
}
