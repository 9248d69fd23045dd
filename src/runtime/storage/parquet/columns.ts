import type { DecodedArray, SchemaElement } from 'hyparquet';
import { wrongColumn, wrongValue } from './errors.js';

/** Type of a column's values, in every row; a category is a text with few distinct values. */
export type ColumnType = 'int32' | 'float32' | 'text' | 'category';

/** Kind of values that a column of a file may hold, whoever wrote it. */
type Content = 'text' | 'whole' | 'number';

const accepted: Readonly<Record<ColumnType, readonly Content[]>> = {
  int32: ['whole', 'number'],
  float32: ['whole', 'number'],
  text: ['text', 'whole'],
  category: ['text'],
};

const wanted: Readonly<Record<ColumnType, string>> = {
  int32: 'whole numbers',
  float32: 'numbers',
  text: 'text or whole numbers',
  category: 'text',
};

/** Annotations under which a physical type still holds plain numbers or text. */
const plainTypes: ReadonlySet<string> = new Set(
  ['UTF8', 'ENUM', 'DECIMAL', 'STRING', 'INTEGER', 'FLOAT16'].concat(
    [8, 16, 32, 64].flatMap((bits) => [`INT_${bits}`, `UINT_${bits}`]),
  ),
);

/** A column as it is to be decoded. Throws an ArtifactError if its type cannot be taken. */
export function columnElement(
  path: string,
  element: SchemaElement,
  type: ColumnType,
): SchemaElement {
  const { name, logical_type: logical, converted_type: converted } = element;
  const content = contentOf(element);
  if (content === undefined || !accepted[type].includes(content))
    throw wrongColumn(
      path,
      `the column ${name} holds ${describe(element)}, not ${wanted[type]}`,
      `convert it where the file is written: CAST(${name} AS ${castTo[type]}) in SQL`,
    );
  // The decoder knows decimals by the older of the two annotations.
  if (logical?.type !== 'DECIMAL' || converted !== undefined) return element;
  return { ...element, converted_type: 'DECIMAL', scale: logical.scale };
}

const castTo: Readonly<Record<ColumnType, string>> = {
  int32: 'INTEGER',
  float32: 'REAL',
  text: 'VARCHAR',
  category: 'VARCHAR',
};

function contentOf(element: SchemaElement): Content | undefined {
  const { type, logical_type, converted_type, repetition_type, num_children } = element;
  if (type === undefined || (num_children ?? 0) > 0 || repetition_type === 'REPEATED')
    return undefined;
  const annotations = [logical_type?.type, converted_type].filter((own) => own !== undefined);
  if (!annotations.every((own) => plainTypes.has(own))) return undefined;
  const decimal = annotations.includes('DECIMAL');
  if (decimal || type === 'FLOAT' || type === 'DOUBLE' || logical_type?.type === 'FLOAT16')
    return 'number';
  if (type === 'INT32' || type === 'INT64') return 'whole';
  return type === 'BYTE_ARRAY' ? 'text' : undefined;
}

function describe(element: SchemaElement): string {
  const { type, logical_type, converted_type, repetition_type, num_children } = element;
  if ((num_children ?? 0) > 0) return 'lists or structures';
  if (repetition_type === 'REPEATED') return 'lists';
  const annotation = logical_type?.type ?? converted_type;
  const physical = type ?? 'nothing';
  if (type === 'BYTE_ARRAY' && contentOf(element) === 'text') return 'text';
  return annotation === undefined ? physical : `${physical} (${annotation})`;
}

/** Place of a column's values, for errors. */
export interface ColumnPlace {
  readonly path: string;
  readonly name: string;
  /** The first row of the values. */
  readonly row: number;
}

/** The values of a column as its type. Throws an ArtifactError at a null and at what is not of the type. */
export function arrayOf(
  type: ColumnType,
  values: DecodedArray,
  place: ColumnPlace,
): Int32Array | Float32Array | string[] {
  if (type === 'int32') return values instanceof Int32Array ? values : wholeNumbers(values, place);
  if (type === 'float32') return values instanceof Float32Array ? values : numbers(values, place);
  return texts(values, place);
}

const withoutNulls = 'leave out rows without a value, or fill them in';

function wrong({ path, name, row }: ColumnPlace, i: number, value: unknown): Error {
  if (typeof value !== 'number' && typeof value !== 'bigint')
    return wrongValue(path, row + i, `the column ${name} has no value`, withoutNulls);
  return wrongValue(
    path,
    row + i,
    `${String(value)} in the column ${name}`,
    'write whole numbers below 2^31',
  );
}

function wholeNumbers(values: DecodedArray, place: ColumnPlace): Int32Array {
  const all = new Int32Array(values.length);
  for (let i = 0; i < all.length; i++) {
    const value: unknown = values[i];
    const number = typeof value === 'bigint' ? Number(value) : value;
    if (typeof number !== 'number' || (number | 0) !== number) throw wrong(place, i, value);
    all[i] = number;
  }
  return all;
}

function numbers(values: DecodedArray, place: ColumnPlace): Float32Array {
  if (values instanceof Float64Array) return Float32Array.from(values);
  const all = new Float32Array(values.length);
  for (let i = 0; i < all.length; i++) {
    const value: unknown = values[i];
    if (typeof value !== 'number' && typeof value !== 'bigint') throw wrong(place, i, value);
    all[i] = Number(value);
  }
  return all;
}

function texts(values: DecodedArray, place: ColumnPlace): string[] {
  if (Array.isArray(values) && values.every((value) => typeof value === 'string')) return values;
  return Array.from<unknown, string>(values, (value, i) => {
    if (typeof value === 'string') return value;
    if (typeof value === 'bigint' || typeof value === 'number') return String(value);
    throw wrong(place, i, value);
  });
}
