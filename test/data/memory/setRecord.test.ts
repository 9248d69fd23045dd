import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { statImages } from '../../../src/data/memory/fileStats.js';
import type { Images } from '../../../src/data/sets/images.js';
import { compareSet, examplesOf } from '../../../src/data/memory/setChange.js';
import { openSetRecord, writeSetRecord } from '../../../src/data/memory/setRecord.js';
import { temporaryFolder } from '../../support/folder.js';

async function idsOf(row: string): Promise<string[]> {
  const path = join(temporaryFolder(), 'set');
  const header = {
    ...{ format: 'gradus-set', version: 1, name: 'x', identity: 'y', count: 1 },
    ...{ bytes: 10, every: 1, classes: ['a'] },
  };
  writeFileSync(path, gzipSync(`${JSON.stringify(header)}\n${row}\n`));
  const record = await openSetRecord(path);
  const ids: string[] = [];
  for await (const rows of record?.rows ?? []) ids.push(...rows.map(({ id }) => id));
  return ids;
}

describe('a record of a set', () => {
  it('reads ids with escapes', async () => {
    expect(await idsOf('\t10\t5.5\t00ff\t0\ta\\tb.png')).toEqual(['a\tb.png']);
  });

  it.each([
    ['an escape that JSON does not have', '\t10\t5\t00ff\t0\ta\\x.png'],
    ['a size that is not a number', '\tx\t5\t00ff\t0\ta.png'],
    ['no id', '\t10\t5\t00ff\t0\t'],
  ])('names a row with %s', async (_, row) => {
    await expect(idsOf(row)).rejects.toThrow(
      expect.objectContaining({ name: 'ArtifactError', code: 'set-record' }),
    );
  });
});

describe('a set whose images are all at other places', () => {
  /** Ten images that are not there. */
  const images = (id: (i: number) => string): Images => {
    return { name: 'ten', count: 10, fingerprint: '', id, where: (i) => `/nowhere/${id(i)}` };
  };
  const compared = async (most?: number) => {
    const path = join(temporaryFolder(), 'set');
    const [then, now] = [images(String), images((i) => String(9 - i))];
    await writeSetRecord(path, then, await statImages(then), { identity: 'x' });
    const record = await openSetRecord(path);
    if (!record) throw new TypeError('no record');
    return compareSet(record, now, await statImages(now), { most });
  };

  it('has another order only, or says so where they are too many to be held', async () => {
    expect(await compared()).toMatchObject({ reordered: true, change: undefined });
    const { change } = await compared(4);
    expect(change && examplesOf(change)).toEqual([
      expect.stringMatching(/^added: /),
      expect.stringMatching(/^removed: /),
      expect.stringContaining('may have only moved'),
    ]);
  });
});
