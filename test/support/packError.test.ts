import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as errors from '../../src/support/errors.js';
import { packError, unpackError } from '../../src/support/packError.js';
import { option, phrase, type Naming } from '../../src/support/phrase.js';
import { repositoryRoot } from './paths.js';

const { ConfigError, DataError, GradusError, InternalError } = errors;

type Class = typeof errors.GradusError;

const classes = Object.values(errors).filter(
  (value): value is Class => typeof value === 'function' && value.name.endsWith('Error'),
);

/** An error as it arrives: threads clone it, processes write it as JSON. */
const ways: readonly (readonly [string, (packed: errors.GradusError) => errors.GradusError])[] = [
  ['thread', (error) => unpackError(structuredClone(packError(error, 'training')))],
  [
    'process',
    (error) =>
      unpackError(
        JSON.parse(JSON.stringify(packError(error, 'training'))) as ReturnType<typeof packError>,
      ),
  ],
];

const shouting: Naming = {
  option: ({ option: path }) => path.join('.').toUpperCase(),
  call: ({ call }) => call.toUpperCase(),
};

describe.each(ways)('an error from a %s', (_, carry) => {
  it.each(classes.map((own) => [own.name, own] as const))('stays a whole %s', (name, Own) => {
    const cause = new DataError('of an image', {
      code: 'inner',
      notes: ['a note'],
      cause: Object.assign(new Error('disk'), { code: 'ENOSPC' }),
    });
    const sent = new Own(phrase`a batch of ${3}`, {
      code: 'sent',
      where: { file: 'my.model.ts', line: 3, column: 5, length: 7 },
      option: ['labels', 'threshold'],
      notes: [phrase`beside ${option('size', 8)}`, 'plain'],
      hint: phrase`leave ${option('batch')} out`,
      cause,
    });
    const got = carry(sent);
    expect(got).toBeInstanceOf(Own);
    expect(got.constructor).toBe(Own);
    expect(got).toMatchObject({
      name,
      message: 'a batch of 3',
      code: 'sent',
      where: sent.where,
      option: sent.option,
      notes: ['beside size: 8', 'plain'],
      hint: 'leave batch out',
      stack: sent.stack,
    });
    expect(got.textsFor(shouting).hint).toBe('leave BATCH out');
    expect(got.cause).toBeInstanceOf(DataError);
    expect(got.cause).toMatchObject({ message: 'of an image', code: 'inner', notes: ['a note'] });
    expect((got.cause as Error).cause).toMatchObject({ message: 'disk', code: 'ENOSPC' });
  });
});

describe('packError', () => {
  it('makes an internal error of what nobody expected, with its cause', () => {
    const got = unpackError(packError(new TypeError('x is not a function'), 'loader'));
    expect(got).toBeInstanceOf(InternalError);
    expect(got.message).toBe('the loader thread failed: x is not a function');
    expect(got.cause).toMatchObject({ name: 'TypeError', message: 'x is not a function' });
    expect(unpackError(packError('text', 'loader')).message).toBe('the loader thread failed: text');
  });

  it('knows every class, as all of them are in one file', () => {
    const folder = join(repositoryRoot, 'src');
    const elsewhere = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && path !== join('support', 'errors.ts'))
      .filter((path) =>
        /extends (?:Gradus|Model|Config|Data|Artifact|Device|Training|Internal)Error\b/.test(
          readFileSync(join(folder, path), 'utf8'),
        ),
      );
    expect(elsewhere).toEqual([]);
    expect(classes).toContain(GradusError);
    expect(classes.length).toBeGreaterThanOrEqual(8);
  });
});

describe('an error that names an option', () => {
  const error = new ConfigError(phrase`${option('threshold')} is too high`, {
    code: 'threshold',
    option: ['threshold'],
    hint: phrase`${option('threshold', 0.2)} keeps some`,
  });

  it('says a property to a library call', () => {
    expect(error.message).toBe('threshold is too high');
    expect(error.hint).toBe('threshold: 0.2 keeps some');
    expect(error.textsFor().where).toBe('threshold');
  });

  it('says the key of a config that holds it, of the same class and stack', () => {
    const below = error.under(['students', '0', 'labels']);
    expect(below).toBeInstanceOf(ConfigError);
    expect(below.option).toEqual(['students', '0', 'labels', 'threshold']);
    expect(below.hint).toBe('students.0.labels.threshold: 0.2 keeps some');
    expect(below.stack).toBe(error.stack);
  });
});
