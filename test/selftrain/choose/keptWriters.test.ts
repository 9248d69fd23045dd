import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { labelColumns, type LabelOrigin } from '../../../src/selftrain/labels/labelStore.js';
import { createKept } from '../../../src/selftrain/choose/keptWriters.js';
import { temporaryFolder } from '../../support/folder.js';

it('kept labels that cannot be begun leave no half of their ledger', () => {
  const folder = temporaryFolder();
  const places = {
    out: join(folder, 'missing/kept.parquet'),
    ledger: join(folder, 'ledger.parquet'),
  };
  const origin = {} as LabelOrigin;
  expect(() => createKept(places, labelColumns, origin, 1)).toThrow('missing');
  expect(readdirSync(folder)).toEqual([]);
});
