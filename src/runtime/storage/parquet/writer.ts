/** Parquet files of flat, required columns, written row group by row group; parquetFile.ts reads them. */
import type { ColumnMetaData, SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { AtomicFile } from '../atomic.js';
import type { ColumnType } from './columns.js';
import { statisticsOf } from './statistics.js';
import { encodeTexts } from './texts.js';

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

/** A column whose first row group keeps more than this share of its bytes is not compressed further on. */
const worthPacking = 0.6;

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
  /** Columns that are left as they are: digits of floats hardly shrink, others as their rows show. */
  readonly #unpacked: Set<string>;

  /** `metadata` goes into the footer, as text by key. */
  constructor(
    path: string,
    private readonly columns: C,
    metadata: Readonly<Record<string, string>>,
    /** Columns whose least and largest values other programs find in the footer, by row group. */
    private readonly statistics: readonly string[] = Object.keys(columns),
  ) {
    const entries = Object.entries(columns);
    this.#unpacked = new Set(Object.keys(columns).filter((name) => columns[name] === 'float32'));
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
      // The same bytes on every machine and version of Node, which zlib does not promise.
      codec: 'SNAPPY',
      statistics: false,
      kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      createdBy: 'gradus',
    });
  }

  /** Rows written so far. */
  get rows(): number {
    return Number(this.#writer.num_rows);
  }

  /** Writes a row group, columns of one length. Throws a TrainingError if the disk is full. */
  write(rows: Rows<C>): void {
    const count = rowCount(rows);
    if (count === 0) return;
    const columnData = Object.entries(this.columns).map(([name, type]) => {
      const data = rows[name] ?? [];
      return {
        name,
        data: type === 'text' ? encodeTexts(data as readonly string[]) : data,
        encoding: type === 'category' ? ('RLE_DICTIONARY' as const) : ('PLAIN' as const),
        codec: this.#unpacked.has(name) ? ('UNCOMPRESSED' as const) : ('SNAPPY' as const),
      };
    });
    // One page a column chunk, which the reader then takes as it lies. Nothing here waits.
    void this.#writer.write({ columnData, rowGroupSize: count, pageSize: 0 });
    for (const { meta_data: chunk } of this.#writer.row_groups.at(-1)?.columns ?? []) {
      const name = chunk?.path_in_schema[0] ?? '';
      if (!chunk) continue;
      if (!pays(chunk)) this.#unpacked.add(name);
      if (!this.statistics.includes(name)) continue;
      const own = statisticsOf(rows[name] ?? []);
      if (own) chunk.statistics = own;
    }
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

/** If compression saves enough of a column chunk for what it takes to pack and to unpack it. */
function pays(chunk: ColumnMetaData): boolean {
  return (
    Number(chunk.total_compressed_size) <= worthPacking * Number(chunk.total_uncompressed_size)
  );
}
