import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openSetRecord } from '../../src/data/setRecord.js';
import { temporaryFolder } from '../support/folder.js';

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
