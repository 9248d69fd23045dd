import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { trainingConfigSchema } from '../../src/training/config/config.js';
import { commands } from '../../src/cli/commands/index.js';
import { exitCodes } from '../../src/cli/exitCodes.js';
import { selfTrainingConfigSchema } from '../../src/selftrain/loop/config.js';
import { repositoryRoot } from '../support/paths.js';

const text = readFileSync(`${repositoryRoot}/docs/cli.md`, 'utf8');

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly oneOf?: readonly Schema[];
  /** Of a list. */
  readonly items?: Schema;
}

/** `name`, `optimizer.momentum`: the paths of all keys below a schema. */
function keyPaths(schema: Schema, prefix = ''): string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, part]) => [
    `${prefix}${key}`,
    ...keyPaths(part.items?.properties ? part.items : part, `${prefix}${key}.`),
  ]);
  return [...own, ...(schema.oneOf ?? []).flatMap((part) => keyPaths(part, prefix))];
}

describe('docs/cli.md', () => {
  it.each(commands.flatMap((command) => command.commands ?? [command]).map(({ usage }) => usage))(
    'lists gradus %s',
    (usage) => {
      expect(text).toContain(`\`gradus ${usage}\``);
    },
  );

  it('lists every exit code', () => {
    for (const code of Object.values(exitCodes))
      expect(text).toMatch(new RegExp(`^\\| ${code} `, 'm'));
  });

  it('lists every key of a config', () => {
    const keys = keyPaths(trainingConfigSchema()).filter((key) => key !== '$schema');
    expect(keys.length).toBeGreaterThan(40);
    expect(keys.filter((key) => !text.includes(`| \`${key}\``))).toEqual([]);
  });

  it('lists with docs/selftraining.md every key of a self-training', () => {
    const both = text + readFileSync(`${repositoryRoot}/docs/selftraining.md`, 'utf8');
    const keys = keyPaths(selfTrainingConfigSchema())
      .map((key) => key.replace(/^(?:teacher|students)[.]/, ''))
      .filter((key) => key !== '$schema');
    expect(keys).toContain('labels.perClass');
    expect(keys.filter((key) => !both.includes(`| \`${key}\``))).toEqual([]);
  });
});
