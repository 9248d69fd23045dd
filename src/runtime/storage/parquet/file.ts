/** Reads flat columns of Parquet files, ours and those of other programs, row group by row group. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import {
  parquetMetadataAsync,
  parquetSchema,
  type AsyncBuffer,
  type DecodedArray,
  type FileMetaData,
  type RowGroup,
  type SchemaElement,
  type SchemaTree,
} from 'hyparquet';

import { readError } from '../fileErrors.js';
import type { Columns, Rows } from './writer.js';
import { arrayOf, columnElement, type ColumnType } from './columns.js';
import { beyondLimit, cutShort, damaged, notParquet, wrongColumn } from './errors.js';
import { codecNames, decodeChunk } from './pages.js';

const magic = 'PAR1';
/** Magic bytes at both ends of files with an encrypted footer. */
const encryptedMagic = 'PARE';

/** Numbers above a footer's own: its length, rows and columns of a row group. */
const mostFooterBytes = 2 ** 28;
const mostRows = 2 ** 31 - 1;
const mostGroupBytes = 2 ** 31;
/** Even a column of one value throughout takes some bytes for so many rows. */
const mostRowsPerByte = 1000;

interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly element: SchemaElement;
  readonly schemaPath: SchemaTree[];
}

/** An open Parquet file; whoever opens it closes it. */
export class ParquetFile {
  private constructor(
    readonly path: string,
    private readonly file: number,
    private readonly size: number,
    private readonly info: FileMetaData,
    private readonly root: SchemaTree,
  ) {}

  /** Reads the footer. Throws an ArtifactError that says if the file is missing, cut short, damaged or of another kind. */
  static async open(path: string): Promise<ParquetFile> {
    const { size, file } = openPlain(path);
    try {
      requireEnds(path, file, size);
      const info = await footerOf(path, file, size);
      const root = parquetSchema(info);
      requireSensible(path, size, info);
      return new ParquetFile(path, file, size, info, root);
    } catch (cause) {
      closeSync(file);
      throw damaged(path, 'its footer cannot be decoded', cause);
    }
  }

  get rows(): number {
    return Number(this.info.num_rows);
  }

  get columnNames(): readonly string[] {
    return this.root.children.map(({ element }) => element.name);
  }

  /** The program that wrote it, as it calls itself. */
  get writer(): string {
    return this.info.created_by ?? 'an unknown program';
  }

  /** The footer's text under a key. */
  metadata(key: string): string | undefined {
    return this.info.key_value_metadata?.find((entry) => entry.key === key)?.value;
  }

  /** Bytes of the footer, which differ in files of other contents as far as a footer tells. */
  footer(): Uint8Array {
    return bytesOf(this.file, this.size - this.info.metadata_length - 8, this.size);
  }

  /**
   * The row groups in order, of the columns asked for, whichever further ones there are. Throws an
   * ArtifactError if a column is missing or of another type, a value is missing, or the file is damaged.
   */
  async *read<C extends Columns>(columns: C): AsyncGenerator<Rows<C>> {
    const wanted = Object.entries(columns).map(([name, type]) => this.#column(name, type));
    let row = 0;
    for (const group of this.info.row_groups) {
      const count = Number(group.num_rows);
      this.#requireFitting(count, wanted.length);
      const rows: Record<string, Int32Array | Float32Array | string[]> = {};
      for (const column of wanted) {
        const { name, type } = column;
        const values = this.#values(column, group, row);
        rows[name] = arrayOf(type, values, { path: this.path, name, row });
      }
      // Each column was read as the type that C gives it.
      yield await Promise.resolve(rows as Rows<C>);
      row += count;
    }
  }

  #column(name: string, type: ColumnType): Column {
    const { path, root } = this;
    const child = root.children.find(({ element }) => element.name === name);
    if (child === undefined)
      throw wrongColumn(
        path,
        `it has no column ${name}`,
        `its columns are ${some(this.columnNames)}; Gradus reads columns by these names`,
      );
    const element = columnElement(path, child.element, type);
    return { name, type, element, schemaPath: [root, { ...child, element }] };
  }

  #values({ name, element, schemaPath }: Column, group: RowGroup, row: number): DecodedArray {
    const rows = Number(group.num_rows);
    const what = `rows ${row} to ${row + rows} of ${name}`;
    const chunk = group.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === name);
    const meta = chunk?.meta_data;
    if (!meta) throw damaged(this.path, `${what}: they are not there`);
    if (!codecNames.includes(meta.codec))
      throw wrongColumn(
        this.path,
        `the column ${name} is compressed with ${meta.codec}, which is not supported`,
        `write it with one of ${codecNames.join(', ')}`,
      );
    try {
      const dictionary = Number(meta.dictionary_page_offset ?? 0);
      const data = Number(meta.data_page_offset);
      const start = dictionary > 0 ? Math.min(dictionary, data) : data;
      const end = start + Number(meta.total_compressed_size);
      if (!(start >= 0 && end >= start && end <= this.size))
        throw new RangeError(`bytes ${start} to ${end} of ${this.size}`);
      const bytes = bytesOf(this.file, start, end);
      return decodeChunk({ bytes, rows, codec: meta.codec, element, schemaPath });
    } catch (cause) {
      throw damaged(this.path, what, cause);
    }
  }

  #requireFitting(rows: number, columns: number): void {
    if (4 * rows * columns <= mostGroupBytes) return;
    throw beyondLimit(
      this.path,
      `a row group of ${rows} rows and ${columns} columns does not fit into memory`,
      'write smaller row groups: ROW_GROUP_SIZE 10000 in DuckDB, row_group_size=10000 in polars and pyarrow',
    );
  }

  close(): void {
    closeSync(this.file);
  }
}

function openPlain(path: string): { readonly size: number; readonly file: number } {
  let size: number;
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) throw notParquet(path, 'it is a folder');
    // A pipe would wait for ever.
    if (!stat.isFile()) throw notParquet(path, 'it is not a regular file');
    ({ size } = stat);
    return { size, file: openSync(path, 'r') };
  } catch (error) {
    throw error instanceof Error && 'hint' in error ? error : readError(error, path);
  }
}

/** Checks the first and the last bytes. */
function requireEnds(path: string, file: number, size: number): void {
  const text = (start: number, end: number): string =>
    Buffer.from(bytesOf(file, start, end)).toString('latin1');
  const begin = text(0, Math.min(size, magic.length));
  if (begin === encryptedMagic) throw notReadable(path);
  if (!magic.startsWith(begin)) throw notParquet(path, 'it does not begin with PAR1');
  if (size < 12) throw cutShort(path, size);
  const end = text(size - magic.length, size);
  if (end === encryptedMagic) throw notReadable(path);
  // The footer comes last: whatever was cut off took it along.
  if (end !== magic) throw cutShort(path, size);
}

function notReadable(path: string): Error {
  return wrongColumn(path, 'it is encrypted', 'write it without encryption');
}

async function footerOf(path: string, file: number, size: number): Promise<FileMetaData> {
  const length = new DataView(bytesOf(file, size - 8, size).buffer).getUint32(0, true);
  if (length > size - 12) throw damaged(path, `a footer of ${length} bytes in a file of ${size}`);
  if (length > mostFooterBytes)
    throw beyondLimit(
      path,
      `a footer of ${length} bytes; at most ${mostFooterBytes} are read`,
      'write fewer columns or larger row groups',
    );
  const bytes: AsyncBuffer = {
    byteLength: size,
    slice: (start, end = size) => bytesOf(file, start, end).buffer,
  };
  return parquetMetadataAsync(bytes, { geoparquet: false });
}

/** Checks the numbers of rows against each other and against the size of the file. */
function requireSensible(path: string, size: number, info: FileMetaData): void {
  const rows = Number(info.num_rows);
  const groups = info.row_groups.map((group) => Number(group.num_rows));
  const sum = groups.reduce((a, b) => a + b, 0);
  if (!groups.every((own) => own >= 0) || sum !== rows)
    throw damaged(path, `its row groups have ${sum} rows, its footer says ${rows}`);
  if (rows > mostRows || rows > mostRowsPerByte * size)
    throw beyondLimit(
      path,
      `its footer says ${rows} rows in ${size} bytes`,
      `write files of at most ${mostRows} rows and ${mostRowsPerByte} rows per byte`,
    );
}

function some(names: readonly string[]): string {
  return names.length > 12 ? `${names.slice(0, 12).join(', ')}, ...` : names.join(', ');
}

/** A part of a file, which is not longer than the file. */
function bytesOf(file: number, start: number, end: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.max(0, end - start));
  for (let done = 0; done < bytes.length;) {
    const count = readSync(file, bytes, done, bytes.length - done, start + done);
    if (count === 0) throw new RangeError(`the file ends before byte ${end}`);
    done += count;
  }
  return bytes;
}
