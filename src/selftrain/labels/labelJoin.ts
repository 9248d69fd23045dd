/** Pairs the labels that two teachers gave to the same images, without holding either. */
import type { Columns, Rows } from '../../runtime/storage/parquet/writer.js';
import { ArtifactError, DataError } from '../../support/errors.js';
import { IdTable } from './idTable.js';
import { classDifference, isNumbered, labelColumns, type LabelRows } from './labelStore.js';
import type { LabelTable } from './labelTable.js';

/** An image with its label in both tables; one object, which the next pair overwrites. */
export interface LabelPair {
  id: string;
  /** Its place in the data of the second table. */
  index: number;
  /** Numbers of the classes. */
  before: number;
  after: number;
  confidenceBefore: number;
  confidenceAfter: number;
}

export interface JoinOptions {
  visit(pair: Readonly<LabelPair>): void;
  /** Called with the rows read so far, of both tables. */
  readonly onRows?: ((rows: number) => void) | undefined;
}

const { id: _id, ...withoutId } = labelColumns;

/**
 * Visits the images that have a label in both tables; returns how many. Where both are of the same
 * data and in its order, as everything that label and filter write, they are merged by place, and
 * nothing is held. Else the first table is held by its ids (IdTable), in some 26 bytes an image; ids
 * are then taken as unique, and must be more than numbers. Throws an ArtifactError if the classes
 * differ, a DataError if the tables share no image.
 */
export async function joinLabels(
  first: LabelTable,
  second: LabelTable,
  options: JoinOptions,
): Promise<number> {
  const difference = classDifference(first.origin.classes, second.origin.classes);
  if (difference !== undefined)
    throw new ArtifactError(
      `${second.path} cannot be compared with ${first.path}: it was made ${difference}`,
      {
        code: 'classes-differ',
        where: second.path,
        hint: 'compare labels of the same classes in the same order',
      },
    );
  const sameData = first.origin.data.fingerprint === second.origin.data.fingerprint;
  const merges = sameData && (await inOrder(first)) && (await inOrder(second));
  const pairs = await (merges ? joinByPlace : joinById)(first, second, options);
  if (pairs > 0) return pairs;
  throw new DataError(`${first.path} and ${second.path} have no image in common`, {
    code: 'labels-disjoint',
    where: second.path,
    notes: [first, second].map(describeData),
    hint: 'compare labels of the same images, which the column `id` identifies',
  });
}

function describeData({ path, origin: { data } }: LabelTable): string {
  return `${path} labels ${data.name}, ${data.size} images`;
}

function onlyNumbers(first: LabelTable, second: LabelTable): DataError {
  return new DataError(`${first.path} and ${second.path} are labels of different data`, {
    code: 'data-differs',
    where: second.path,
    notes: [
      ...[first, second].map(describeData),
      'these images are identified by number, and a number means another image in other data',
    ],
    hint: 'compare labels of the same data',
  });
}

async function inOrder(table: LabelTable): Promise<boolean> {
  let last = -1;
  for await (const { index } of table.read({ index: 'int32' }))
    for (const place of index) {
      if (place <= last) return false;
      last = place;
    }
  return true;
}

/** The row group of a table that is being walked through. */
class Walk<C extends Columns> {
  rows: Rows<C> | undefined;
  at = 0;

  constructor(private readonly groups: AsyncGenerator<Rows<C>>) {}

  async load(): Promise<void> {
    const next = await this.groups.next();
    this.rows = next.done === true ? undefined : next.value;
    this.at = 0;
  }

  async close(): Promise<void> {
    await this.groups.return(undefined);
  }
}

type Left = Walk<typeof withoutId>;
type Right = Walk<typeof labelColumns>;

async function joinByPlace(
  first: LabelTable,
  second: LabelTable,
  { visit, onRows }: JoinOptions,
): Promise<number> {
  const left: Left = new Walk(first.read(withoutId));
  const right: Right = new Walk(second.read(labelColumns));
  let [pairs, read] = [0, 0];
  try {
    await left.load();
    await right.load();
    while (left.rows && right.rows) {
      pairs += mergeGroups(left, left.rows, right, right.rows, visit);
      for (const walk of [left, right]) {
        const rows: number = walk.rows?.index.length ?? 0;
        if (walk.at < rows) continue;
        read += rows;
        await walk.load();
      }
      onRows?.(read);
    }
    return pairs;
  } finally {
    await left.close();
    await right.close();
  }
}

const pair: LabelPair = {
  id: '',
  index: 0,
  before: 0,
  after: 0,
  confidenceBefore: 0,
  confidenceAfter: 0,
};

/** Goes on until one of the two groups ends. */
function mergeGroups(
  left: Left,
  a: Rows<typeof withoutId>,
  right: Right,
  b: LabelRows,
  visit: JoinOptions['visit'],
): number {
  let { at: i } = left;
  let { at: j } = right;
  let pairs = 0;
  while (i < a.index.length && j < b.index.length) {
    const ahead = (a.index[i] ?? 0) - (b.index[j] ?? 0);
    if (ahead === 0) {
      visit(pairOf(a.label[i], a.confidence[i], b, j));
      pairs += 1;
    }
    if (ahead <= 0) i += 1;
    if (ahead >= 0) j += 1;
  }
  [left.at, right.at] = [i, j];
  return pairs;
}

async function joinById(
  first: LabelTable,
  second: LabelTable,
  { visit, onRows }: JoinOptions,
): Promise<number> {
  const named = first.origin.data.fingerprint !== second.origin.data.fingerprint;
  const ids = new IdTable(first.rows);
  const labels = new Int32Array(first.rows);
  const confidences = new Float32Array(first.rows);
  let [pairs, read] = [0, 0];
  for await (const { id, label, confidence } of first.read(labelColumns)) {
    if (named && id.some(isNumbered)) throw onlyNumbers(first, second);
    for (const [row, own] of id.entries()) ids.add(own, read + row);
    labels.set(label, read);
    confidences.set(confidence, read);
    read += label.length;
    onRows?.(read);
  }
  for await (const rows of second.read(labelColumns)) {
    for (const [j, id] of rows.id.entries()) {
      const row = ids.get(id);
      if (row < 0) continue;
      visit(pairOf(labels[row], confidences[row], rows, j));
      pairs += 1;
    }
    read += rows.id.length;
    onRows?.(read);
  }
  return pairs;
}

function pairOf(
  before: number | undefined,
  confidence: number | undefined,
  rows: LabelRows,
  row: number,
): LabelPair {
  pair.id = rows.id[row] ?? '';
  pair.index = rows.index[row] ?? 0;
  pair.before = before ?? 0;
  pair.after = rows.label[row] ?? 0;
  pair.confidenceBefore = confidence ?? 0;
  pair.confidenceAfter = rows.confidence[row] ?? 0;
  return pair;
}
