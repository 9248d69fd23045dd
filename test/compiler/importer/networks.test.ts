import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { invariant } from '../../../src/support/errors.js';
import { repositoryRoot } from '../../support/paths.js';
import { temporaryFolder } from '../../support/folder.js';
import { differenceOf, importedTogether } from './imported.js';

const folder = join(repositoryRoot, 'test/goldens/foreign');
const read = (name: string): Uint8Array => readFileSync(join(folder, `${name}.onnx`));

describe('a network that torch exported', () => {
  it.each(['residual', 'efficient', 'mobile', 'patches', 'transformer'])(
    'is written as a file that prettier leaves as it is, and computes the same: %s',
    async (name) => {
      const [one] = await importedTogether([read(name)], temporaryFolder(), {
        name,
        file: `${name}.onnx`,
      });
      invariant(one, 'the network is imported');
      const { source, notes } = one.imported;
      const config = await resolveConfig(join(repositoryRoot, '.prettierrc.json'));
      expect(source).toBe(await format(source, { ...config, parser: 'typescript' }));
      expect({ source, notes }).toMatchSnapshot();
      expect(await differenceOf(one)).toBeLessThan(1e-5);
    },
  );
});
