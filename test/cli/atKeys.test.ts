import { describe, expect, it } from 'vitest';
import { atKeys } from '../../src/cli/atKeys.js';
import { formatError } from '../../src/support/codeFrame.js';
import { ConfigError } from '../../src/support/errors.js';

describe('an error of a config that names an option', () => {
  const error = new ConfigError('too large', { code: 'noise', option: ['noise', 'pad'] });
  const site = { file: 'my.config.ts', line: 3, column: 5 };

  it('has the place of its key, and says it', async () => {
    const located = await atKeys(() => site, Promise.reject(error)).catch(
      (caught: unknown) => caught,
    );
    expect(located).toBeInstanceOf(ConfigError);
    expect(formatError(located as ConfigError)).toBe(
      'error ConfigError: too large\n  --> my.config.ts:3:5 (noise.pad)',
    );
  });

  it('stays as it is where the file lacks the key, or where a place is known', async () => {
    const located = await atKeys(() => undefined, Promise.reject(error)).catch(
      (caught: unknown) => caught,
    );
    expect(formatError(located as ConfigError)).toBe(
      'error ConfigError: too large\n  --> noise.pad',
    );
    const placed = error.with({ where: 'labels' });
    await expect(atKeys(() => site, Promise.reject(placed))).rejects.toBe(placed);
  });
});
