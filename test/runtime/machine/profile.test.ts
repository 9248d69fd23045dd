import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readProfile } from '../../../src/runtime/machine/profile.js';
import { temporaryFolder } from '../../support/folder.js';

const node = (name: string, operator: string, microseconds: number) => {
  const args = { op_name: operator };
  return { cat: 'Node', name: `${name}_kernel_time`, dur: microseconds, args };
};
const run = (microseconds: number) => ({ cat: 'Session', name: 'model_run', dur: microseconds });

/** Three runs of two nodes, the first much slower. */
const events = [
  { cat: 'Session', name: 'session_initialization', dur: 5 },
  ...[node('a/Conv', 'Conv', 9000), node('b/Mul', 'Mul', 5000), run(15_000)],
  ...[node('a/Conv', 'Conv', 1000), node('b/Mul', 'Mul', 500), run(1600)],
  ...[node('a/Conv', 'Conv', 2000), node('b/Mul', 'Mul', 400), run(2500)],
];

function profile(text: string): string {
  const path = join(temporaryFolder(), 'profile.json');
  writeFileSync(path, text);
  return path;
}

describe('a profile of onnxruntime', () => {
  it('gives the median of each node over the runs after the first ones', () => {
    expect(readProfile(profile(JSON.stringify(events)), 1)).toEqual({
      nodes: [
        { name: 'a/Conv', operator: 'Conv', milliseconds: 2 },
        { name: 'b/Mul', operator: 'Mul', milliseconds: 0.5 },
      ],
      run: 2.5,
    });
  });

  it.each(['{', '{}'])('is refused where it is none: %s', (text) => {
    expect(() => readProfile(profile(text))).toThrow('is not a profile of onnxruntime');
  });
});
