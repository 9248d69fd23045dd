/**
 * Values of a column chunk of a Parquet file. Its pages are decompressed and their counts checked
 * here, so that the decoder never follows a number that a damaged file declares.
 */
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import {
  snappyUncompress,
  type CompressionCodec,
  type DecodedArray,
  type PageHeader,
  type SchemaElement,
  type SchemaTree,
} from 'hyparquet';
import { parquetHeader, readPage } from 'hyparquet/src/column.js';
import { convert, DEFAULT_PARSERS } from 'hyparquet/src/convert.js';

import { decompressLz4, decompressLz4Raw, decompressZstd } from 'hyparquet-compressors';
import { decodeTexts } from './texts.js';

/** Bytes of a page, decompressed. */
const mostPageBytes = 2 ** 30;

/** Decompresses to exactly so many bytes, or fails. */
type Decompress = (input: Uint8Array, length: number) => Uint8Array;

const codecs: Readonly<Partial<Record<CompressionCodec, Decompress>>> = {
  UNCOMPRESSED: (input) => input,
  SNAPPY(input, length) {
    const output = new Uint8Array(length);
    snappyUncompress(input, output);
    return output;
  },
  GZIP: (input, length) => gunzipSync(input, { maxOutputLength: length }),
  BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: length }),
  ZSTD: (input, length) => decompressZstd(input, new Uint8Array(length)),
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw,
};

/** Names of the codecs that are read. */
export const codecNames: readonly string[] = Object.keys(codecs);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const parsers = {
  ...DEFAULT_PARSERS,
  stringFromBytes: (bytes: Uint8Array | undefined): string | undefined =>
    bytes && utf8.decode(bytes),
};

/** A flat column in a row group. */
export interface ColumnChunkBytes {
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly codec: CompressionCodec;
  readonly element: SchemaElement;
  /** From the root to the column. */
  readonly schemaPath: SchemaTree[];
}

/** Decodes a column chunk: one value a row, null or undefined if there is none. Throws if it is damaged. */
export function decodeChunk({
  bytes,
  rows,
  codec,
  element,
  schemaPath,
}: ColumnChunkBytes): DecodedArray {
  const decompress = codecs[codec];
  if (!decompress || element.type === undefined) throw new Error(`codec ${codec}`);
  const decoder: Parameters<typeof readPage>[2] = {
    pathInSchema: [element.name],
    type: element.type,
    element,
    schemaPath,
    codec: 'UNCOMPRESSED',
    parsers,
  };
  const reader = readerOf(bytes);
  const pages: DecodedArray[] = [];
  let dictionary: DecodedArray | undefined;
  for (let read = 0; read < rows;) {
    const header = parquetHeader(reader);
    const stored = header.compressed_page_size;
    require(stored >= 0 && reader.offset + stored <= bytes.length, 'a page that ends behind it');
    const raw = bytes.subarray(reader.offset, reader.offset + stored);
    reader.offset += stored;
    if (header.type === 'INDEX_PAGE') continue;
    const page = plainPage(header, raw, decompress);
    const values = valuesOf(header);
    if (header.type === 'DICTIONARY_PAGE') {
      // A value takes a byte and more, but for truth values.
      require(values <= 8 * page.length, `a dictionary of ${values} values`);
      const { data = [] } = readPage(
        readerOf(page),
        plainHeader(header, page),
        decoder,
        undefined,
        undefined,
        0,
      );
      dictionary = convert(data, decoder);
      continue;
    }
    require(values <= rows - read, `a page of ${values} values`);
    checkRuns(header, page, element.repetition_type !== 'REQUIRED');
    const data =
      plainTexts(header, page, element) ??
      readPage(readerOf(page), plainHeader(header, page), decoder, dictionary, undefined, 0).data;
    require(data?.length === values, `a page of ${data?.length ?? 0} values, not ${values}`);
    pages.push(data);
    read += values;
    // A page without values is skipped; the end of the chunk ends the loop in any case.
  }
  return joined(pages, rows);
}

/** Texts of a page as Gradus writes them, which takes the decoder several times as long. */
function plainTexts(
  header: PageHeader,
  page: Uint8Array,
  { type, converted_type, repetition_type }: SchemaElement,
): string[] | undefined {
  const { encoding } = header.data_page_header_v2 ?? {};
  const plain = encoding === 'PLAIN' && levelBytes(header) === 0;
  const text = type === 'BYTE_ARRAY' && converted_type === 'UTF8';
  if (!plain || !text || repetition_type !== 'REQUIRED') return undefined;
  return decodeTexts(page, valuesOf(header));
}

function readerOf(bytes: Uint8Array): { view: DataView; offset: number } {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
}

function require(condition: boolean | undefined, otherwise: string): asserts condition {
  if (condition !== true) throw new RangeError(otherwise);
}

function valuesOf(header: PageHeader): number {
  const { data_page_header, data_page_header_v2, dictionary_page_header } = header;
  const own = data_page_header ?? data_page_header_v2 ?? dictionary_page_header;
  const values = own?.num_values;
  require(values !== undefined && values >= 0, 'a page of unknown length');
  return values;
}

/** Lengths of what stands before the values of a page of the second version, uncompressed. */
function levelBytes({ data_page_header_v2: v2 }: PageHeader): number {
  if (!v2) return 0;
  const { definition_levels_byte_length: definition, repetition_levels_byte_length: repetition } =
    v2;
  require(definition >= 0 && repetition >= 0, 'levels of a negative length');
  return definition + repetition;
}

/** The page with its values decompressed. */
function plainPage(header: PageHeader, raw: Uint8Array, decompress: Decompress): Uint8Array {
  const levels = levelBytes(header);
  const length = header.uncompressed_page_size - levels;
  require(length >= 0 && length <= mostPageBytes, `a page of ${length} bytes`);
  require(levels <= raw.length, 'levels that end behind their page');
  if (header.data_page_header_v2?.is_compressed === false || decompress === codecs.UNCOMPRESSED) {
    require(raw.length === levels + length, `a page of ${raw.length} bytes, not ${length}`);
    return raw;
  }
  const values = length === 0 ? new Uint8Array() : decompress(raw.subarray(levels), length);
  require(values.length === length, `a page of ${values.length} bytes, not ${length}`);
  if (levels === 0) return values;
  const page = new Uint8Array(levels + length);
  page.set(raw.subarray(0, levels));
  page.set(values, levels);
  return page;
}

/** Header that the page has once it is decompressed. */
function plainHeader(header: PageHeader, page: Uint8Array): PageHeader {
  const v2 = header.data_page_header_v2;
  return {
    ...header,
    compressed_page_size: page.length,
    uncompressed_page_size: page.length,
    ...(v2 && { data_page_header_v2: { ...v2, is_compressed: false } }),
  };
}

/** Checks levels and numbers of dictionary entries, which lie in runs of declared lengths. */
function checkRuns(header: PageHeader, page: Uint8Array, optional: boolean): void {
  const { data_page_header: v1, data_page_header_v2: v2 } = header;
  const values = valuesOf(header);
  let at = levelBytes(header);
  let present = values;
  if (v2) {
    if (optional) {
      require(v2.repetition_levels_byte_length === 0, 'a repeated value');
      checkRun(page.subarray(0, at), 1, values);
    }
    require(v2.num_nulls >= 0 && v2.num_nulls <= values, `${v2.num_nulls} nulls`);
    present -= v2.num_nulls;
  } else if (optional) {
    const length = readerOf(page).view.getUint32(0, true);
    require(4 + length <= page.length, 'levels that end behind their page');
    present = checkRun(page.subarray(4, 4 + length), 1, values);
    at = 4 + length;
  }
  const encoding = v1?.encoding ?? v2?.encoding;
  if (encoding === undefined) throw new RangeError('a page of unknown encoding');
  const rest = page.subarray(at);
  if (encoding.endsWith('_DICTIONARY') && present > 0) {
    const [width = 0] = rest;
    require(width <= 32, `numbers of ${width} bits`);
    checkRun(rest.subarray(1), width, present);
  }
  if (encoding.startsWith('DELTA') && present > 0) checkDelta(rest);
}

/** Walks through runs of equal or packed numbers; returns how many of the levels are 1. */
function checkRun(bytes: Uint8Array, width: number, count: number): number {
  const reader = { at: 0 };
  let seen = 0;
  let ones = 0;
  while (seen < count) {
    const header = varInt(bytes, reader);
    if ((header & 1) === 1) {
      const groups = header >>> 1;
      // Writers fill the last run up with whole groups of eight.
      require(groups > 0 && 8 * groups <= count - seen + 512, `a run of ${8 * groups} values`);
      if (width === 1)
        for (let i = 0; i < Math.min(8 * groups, count - seen); i++)
          ones += ((bytes[reader.at + (i >> 3)] ?? 0) >> (i & 7)) & 1;
      reader.at += groups * width;
      seen += 8 * groups;
    } else {
      const length = header >>> 1;
      require(length > 0 && length <= count - seen, `a run of ${length} values`);
      if (width === 1) ones += length * ((bytes[reader.at] ?? 0) & 1);
      reader.at += (width + 7) >> 3;
      seen += length;
    }
  }
  return ones;
}

/** Blocks of differences: a multiple of 128 values, in blocks of a multiple of 32. */
function checkDelta(bytes: Uint8Array): void {
  const reader = { at: 0 };
  const block = varInt(bytes, reader);
  const parts = varInt(bytes, reader);
  require(block > 0 && block <= 2 ** 20 && block % 128 === 0, `blocks of ${block} differences`);
  require(parts > 0 && block % (32 * parts) === 0, `${parts} parts of ${block} differences`);
}

function varInt(bytes: Uint8Array, reader: { at: number }): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[reader.at++];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80 && value < 2 ** 32) return value;
  }
  throw new RangeError('a number without an end');
}

/** Pages in a row; one page is taken as it lies. */
function joined(pages: readonly DecodedArray[], rows: number): DecodedArray {
  const [first] = pages;
  if (first === undefined) return [];
  if (pages.length === 1) return first;
  for (const Typed of [Int32Array, Float32Array, Float64Array] as const)
    if (pages.every((page) => page instanceof Typed)) {
      const all = new Typed(rows);
      let at = 0;
      for (const page of pages) {
        all.set(page as ArrayLike<number>, at);
        at += page.length;
      }
      return all;
    }
  const all = new Array<unknown>(rows);
  let at = 0;
  for (const page of pages) for (const value of page) all[at++] = value;
  return all;
}
