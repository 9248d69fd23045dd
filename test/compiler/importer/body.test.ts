import { describe, expect, it } from 'vitest';
import { bodyLines } from '../../../src/compiler/importer/write/body.js';
import type { Branch, Step } from '../../../src/compiler/importer/write/step.js';

function step(callee: string, refs: readonly string[], result: string): Step {
  const args = refs.map((ref) => ({ ref }));
  return { callee, args, options: {}, path: [callee], named: true, result };
}

describe('the body of a written block', () => {
  it('assigns a shortcut that is projected on a condition, and does not declare it again', () => {
    const shortcut: Branch = {
      kind: 'branch',
      condition: 'projects',
      steps: [step('conv2d', ['in'], 'p'), step('batchNorm', ['p'], 'q')],
      instead: 'in',
      result: 'q',
    };
    const items = [shortcut, step('block', ['in'], 'b'), step('add', ['q', 'b'], 'sum')];
    const lines = bodyLines({ items, inputs: new Map([['in', 'x']]), output: 'sum' }, '');
    expect(lines[0]).toBe('let y = x;');
    expect(lines[1]).toBe('if (projects) {');
    expect(lines.filter((line) => line.includes('let y'))).toHaveLength(1);
    expect(lines.join('\n')).toMatch(/\n {2}y = batchNorm\(/);
  });
});
