import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands/index.js';
import { commandOfCall, flagNaming } from '../../src/cli/flagNaming.js';
import { call, namedCalls, option, optionOf, phrase } from '../../src/support/phrase.js';
import { repositoryRoot } from '../support/paths.js';

describe('flagNaming', () => {
  const naming = flagNaming('label', ['drop-path', 'out', 'size', 'accept-data', 'layout', 'data']);

  it.each([
    [option('dropPath', 0.2), '--drop-path 0.2', 'dropPath: 0.2'],
    [option('out', 'DIR'), '--out DIR', 'out: DIR'],
    [option('acceptData', true), '--accept-data', 'acceptData: true'],
    [option(['onnx', 'layout'], 'nchw'), '--layout nchw', "onnx.layout: 'nchw'"],
    [option(['onnx', 'size'], [48, 192]), '--size 48x192', 'onnx.size: [48, 192]'],
    [option(['noise', 'pad']), 'noise.pad', 'noise.pad'],
    // A key of a config, even if its last word is one of the command's flags.
    [option(['data', 'size']), 'data.size', 'data.size'],
    [option('pad', 2), 'pad: 2', 'pad: 2'],
    [optionOf('compileModel', 'stepsPerRun'), '--steps', 'stepsPerRun'],
    [
      call('compileModel', 'MODEL', { out: 'DIR' }),
      'gradus compile MODEL --out DIR',
      'compileModel(MODEL, { out: DIR })',
    ],
    [call('predictMemory', 'MODEL'), 'gradus inspect MODEL --memory', 'predictMemory(MODEL)'],
  ])('writes an option as a flag, where the command has it: %j', (piece, flag, property) => {
    const text = phrase`give ${piece}`;
    expect(text.toString(naming)).toBe(`give ${flag}`);
    expect(String(text)).toBe(`give ${property}`);
  });

  it('knows the command of each call that texts name, and no call that is not there', () => {
    const folder = join(repositoryRoot, 'src');
    const text = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(join(folder, path), 'utf8'))
      .join('\n');
    for (const name of namedCalls) {
      expect(text).toContain(`function ${name}(`);
      expect(commands.map((command) => command.name)).toContain(commandOfCall[name].command);
    }
  });
});
