/** Parquet files of flat, required columns: written row group by row group, read the same way. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import {
  parquetMetadataAsync,
  parquetScan,
  type AsyncBuffer,
  type FileMetaData,
  type SchemaElement,
} from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { ArtifactError, invariant } from '../support/errors.js';
import { AtomicFile } from './atomic.js';
import { messageOf, readError } from './fileErrors.js';

/** What a column holds, in every row; a category is a text of which there are few. */
export type ColumnType = 'int32' | 'float32' | 'text' | 'category';

/** Columns by name, in their order. */
export type Columns = Readonly<Record<string, ColumnType>>;

interface ColumnArrays {
  readonly int32: Int32Array;
  readonly float32: Float32Array;
  readonly text: string[];
  readonly category: string[];
}

/** The values of columns, one a row. */
export type Rows<C extends Columns> = { readonly [K in keyof C]: ColumnArrays[C[K]] };

/** Rows of a row group: the length of its columns. */
export function rowCount(rows: Rows<Columns>): number {
  return Object.values(rows)[0]?.length ?? 0;
}

const physical: Readonly<Record<ColumnType, Omit<SchemaElement, 'name'>>> = {
  int32: { type: 'INT32' },
  float32: { type: 'FLOAT' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  category: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
};

/** Hands each finished row group to a file, so that no more than one is in memory. */
class FileBytes extends ByteWriter {
  constructor(private readonly file: AtomicFile) {
    super(2 ** 20);
  }

  flush(): void {
    this.file.write(this.getBytes());
    this.index = 0;
  }

  override finish(): void {
    this.flush();
  }
}

/** Writes a Parquet file that appears whole or not at all. */
export class ParquetFileWriter<C extends Columns> {
  readonly #file: AtomicFile;
  readonly #writer: ParquetWriter;

  /** `metadata` goes into the footer, as text by key. */
  constructor(
    path: string,
    private readonly columns: C,
    metadata: Readonly<Record<string, string>>,
  ) {
    const entries = Object.entries(columns);
    this.#file = new AtomicFile(path);
    this.#writer = new ParquetWriter({
      writer: new FileBytes(this.#file),
      schema: [
        { name: 'root', num_children: entries.length },
        ...entries.map(([name, type]): SchemaElement => ({
          name,
          repetition_type: 'REQUIRED',
          ...physical[type],
        })),
      ],
      // Probabilities and paths hardly shrink, and the codec is JavaScript.
      codec: 'UNCOMPRESSED',
      statistics: false,
      kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      createdBy: 'gradus',
    });
  }

  /** Rows written so far. */
  get rows(): number {
    return Number(this.#writer.num_rows);
  }

  /** Writes a row group, columns of one length. Throws a TrainingError where the disk is full. */
  write(rows: Rows<C>): void {
    const columnData = Object.entries(this.columns).map(([name, type]) => ({
      name,
      data: rows[name] ?? [],
      encoding: type === 'category' ? ('RLE_DICTIONARY' as const) : ('PLAIN' as const),
    }));
    const count = rowCount(rows);
    if (count === 0) return;
    // One page a column chunk, which the reader then takes as it lies. Nothing here waits.
    void this.#writer.write({ columnData, rowGroupSize: count, pageSize: 0 });
  }

  /** Completes the file and gives it its name; `metadata` is what is known only now. Returns its size in bytes. */
  commit(metadata: Readonly<Record<string, string>> = {}): number {
    const late = Object.entries(metadata).map(([key, value]) => ({ key, value }));
    this.#writer.kvMetadata = [...(this.#writer.kvMetadata ?? []), ...late];
    void this.#writer.finish();
    return this.#file.commit();
  }

  /** Drops what was written; nothing happens after a commit. */
  discard(): void {
    this.#file.discard();
  }
}

/** An open Parquet file; whoever opens it closes it. */
export class ParquetFile {
  private constructor(
    readonly path: string,
    private readonly file: number,
    private readonly bytes: AsyncBuffer,
    private readonly info: FileMetaData,
  ) {}

  /** Reads the footer. Throws an ArtifactError where the file is missing, cut short or of another kind. */
  static async open(path: string): Promise<ParquetFile> {
    let file: number;
    try {
      file = openSync(path, 'r');
    } catch (error) {
      throw readError(error, path);
    }
    const stat = fstatSync(file);
    const { size } = stat;
    const bytes = bytesOf(file, size);
    try {
      if (stat.isDirectory()) throw noParquet(path, 'it is a folder');
      if (size >= magic.length && !startsWithMagic(bytes))
        throw noParquet(path, 'it begins otherwise');
      // The footer comes last: whatever was cut off took it along.
      return new ParquetFile(path, file, bytes, await parquetMetadataAsync(bytes));
    } catch (cause) {
      closeSync(file);
      throw damaged(path, `${size} bytes without the end of a Parquet file`, cause);
    }
  }

  get rows(): number {
    return Number(this.info.num_rows);
  }

  get columnNames(): readonly string[] {
    return this.info.schema.slice(1).map(({ name }) => name);
  }

  /** The footer's text under a key. */
  metadata(key: string): string | undefined {
    return this.info.key_value_metadata?.find((entry) => entry.key === key)?.value;
  }

  /** The row groups in order, of the columns asked for. Throws an ArtifactError at a damaged one. */
  async *read<C extends Columns>(columns: C): AsyncGenerator<Rows<C>> {
    const names = Object.keys(columns);
    const missing = names.find((name) => !this.columnNames.includes(name));
    if (missing !== undefined) throw damaged(this.path, `it has no column ${missing}`);
    let rowStart = 0;
    const scan = await parquetScan({ file: this.bytes, metadata: this.info, columns: names });
    for (const { num_rows } of this.info.row_groups) {
      const rowEnd = rowStart + Number(num_rows);
      const rows: Record<string, Int32Array | Float32Array | string[]> = {};
      for (const [column, type] of Object.entries(columns))
        try {
          const values = await scan.readColumn({ column, rowStart, rowEnd });
          rows[column] = arrayOf(type, values, rowEnd - rowStart);
        } catch (cause) {
          throw damaged(this.path, `rows ${rowStart} to ${rowEnd} of ${column}`, cause);
        }
      // Each column was read as the type that C gives it.
      yield rows as Rows<C>;
      rowStart = rowEnd;
    }
  }

  close(): void {
    closeSync(this.file);
  }
}

function bytesOf(file: number, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    slice(start, end = byteLength) {
      const bytes = new Uint8Array(Math.max(0, end - start));
      for (let done = 0; done < bytes.length;) {
        const count = readSync(file, bytes, done, bytes.length - done, start + done);
        if (count === 0) throw new RangeError(`the file ends before byte ${end}`);
        done += count;
      }
      return bytes.buffer;
    },
  };
}

/** What every Parquet file begins with. */
const magic = 'PAR1';

function startsWithMagic(bytes: AsyncBuffer): boolean {
  const begin = bytes.slice(0, magic.length);
  return begin instanceof ArrayBuffer && Buffer.from(begin).toString('latin1') === magic;
}

function noParquet(path: string, why: string): ArtifactError {
  return new ArtifactError(`${path} is no Parquet file: ${why}`, {
    code: 'not-parquet',
    where: path,
    hint: 'give a file that gradus made; if it is one, it is damaged: delete it and make it again',
  });
}

function arrayOf(
  type: ColumnType,
  values: ArrayLike<unknown>,
  rows: number,
): Int32Array | Float32Array | string[] {
  invariant(values.length === rows, `${values.length} values in ${rows} rows`);
  if (type === 'int32')
    return values instanceof Int32Array ? values : Int32Array.from(values, Number);
  if (type === 'float32')
    return values instanceof Float32Array ? values : Float32Array.from(values, Number);
  return Array.isArray(values) ? (values as string[]) : Array.from(values, String);
}

function damaged(path: string, what: string, cause?: unknown): ArtifactError {
  if (cause instanceof ArtifactError) return cause;
  const reason = cause === undefined ? '' : ` (${messageOf(cause)})`;
  return new ArtifactError(`${path} cannot be read as Parquet: ${what}${reason}`, {
    code: 'parquet-damaged',
    where: path,
    hint: 'it may have been cut short: delete it and make it again',
    cause,
  });
}
