import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import yargs, { type Argv } from 'yargs';
import type { CommonArguments } from '../../src/cli/command.js';
import { commands } from '../../src/cli/commands/index.js';
import { repositoryRoot } from '../support/paths.js';

const flag = /(?<![\w-])--[a-z][a-z0-9]*(?:-[a-z0-9]+)*/g;

/** Flags of npm, nvidia-smi, protobufjs and our own processes, and CSS variables. */
const others = /(?:npmPackage|graphics|galleryStyle|codegen\/.*)\.ts$/;

/** The flags of a command, by its help. */
async function flagsOf(name: string): Promise<string[]> {
  const parser = yargs().version(false).exitProcess(false) as unknown as Argv<CommonArguments>;
  for (const command of commands) command.register(parser, () => undefined);
  const help = await new Promise<string>((resolve) => {
    void parser.parse(`${name} --help`, {}, (_error: unknown, _argv: unknown, output: string) => {
      resolve(output);
    });
  });
  return [...help.matchAll(/^ +(?:-\w, )?(--?[\w-]+)/gm)].map(([, own = '']) =>
    own.replace(/^-(?=\w)/, '--'),
  );
}

/** Texts of a source, comments aside. */
function textsIn(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (
      ts.isStringLiteralLike(node) ||
      ts.isTemplateHead(node) ||
      ts.isTemplateMiddleOrTemplateTail(node)
    )
      found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** Flags that texts of a source name. */
const flagsNamedIn = (path: string): string[] =>
  textsIn(path).flatMap((text) => text.match(flag) ?? []);

/** Flags of other programs that hints name. */
const foreign: readonly string[] = ['--gpus', '--summary', '--device /dev/dri'];

/** Flags of every command. */
const common = ['--help', '--version', '--json', '--quiet'];

const flags = new Map<string, readonly string[]>();

beforeAll(async () => {
  for (const { name } of commands.flatMap((command) => command.commands ?? [command]))
    flags.set(name, [...common, ...(await flagsOf(name))]);
});

describe('a flag that a message names', () => {
  it('is there: some command has it', () => {
    const all = new Set([...foreign, ...[...flags.values()].flat()]);
    expect(all.size).toBeGreaterThan(60);
    const folder = join(repositoryRoot, 'src');
    const wrong = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !others.test(path))
      .flatMap((path) =>
        flagsNamedIn(join(folder, path))
          .filter((own) => !all.has(own))
          .map((own) => `${path}: ${own}`),
      );
    expect(wrong).toEqual([]);
  });

  it('is named in src/cli alone: elsewhere texts name options, by option() of support/phrase', () => {
    const folder = join(repositoryRoot, 'src');
    const wrong = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.startsWith('cli') && !others.test(path))
      .flatMap((path) =>
        textsIn(join(folder, path)).flatMap((text) => {
          const own = foreign.reduce((rest, word) => rest.replaceAll(word, ''), text);
          return (own.match(flag) ?? []).map((named) => `${path}: ${named}`);
        }),
      );
    expect(wrong).toEqual([]);
  });

  it('is one of the command whose source names it', () => {
    const wrong = [...flags].flatMap(([name, own]) => {
      const file = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
      const path = join(repositoryRoot, 'src/cli/commands', `${file}.ts`);
      // Groups and what is told of other commands are seen by the test above.
      if (name.includes(' ') || name === 'doctor' || name === 'devices') return [];
      return flagsNamedIn(path)
        .filter((named) => !own.includes(named))
        .map((named) => `${name}: ${named}`);
    });
    expect(wrong).toEqual([]);
  });

  it('is --resume for train alone', () => {
    const having = [...flags].filter(([, own]) => own.includes('--resume')).map(([name]) => name);
    expect(having).toEqual(['train']);
  });
});
