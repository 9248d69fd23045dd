import { describe, expect, it } from 'vitest';
import { convKernelGrad } from '../../../../src/compiler/ops/conv.js';
import { cpuTarget } from '../../../../src/compiler/targets/cpu/index.js';
import { ruleName } from '../../../../src/compiler/targets/target.js';
import { invariant } from '../../../../src/support/errors.js';

const { overrides, layouts } = cpuTarget({ block: 16 });

const map = (...shape: number[]) => ({ dtype: 'float32', shape }) as const;

/** The lowering that is estimated to cost least for the gradient of a kernel of so many rows and columns. */
function chosen(batch: number, channels: number, pixels: number, taps = 3): string {
  const pad = (taps - 1) / 2;
  const window = {
    ...{ kernel: [taps, taps], pads: [pad, pad] },
    ...{ strides: [1, 1], dilations: [1, 1], groups: 1 },
  };
  const x = map(batch, channels, pixels, pixels);
  const dw = map(64, channels, taps, taps);
  const types = { inputs: [x, map(batch, 64, pixels, pixels)], outputs: [dw] };
  invariant(layouts, 'a machine with blocks');
  const open = overrides.filter(
    (rule) => rule.op === convKernelGrad && rule.declines(window, types) === undefined,
  );
  const costs = open.map((rule) => layouts.cost(convKernelGrad, rule, window, types));
  return ruleName(open[costs.indexOf(Math.min(...costs))]);
}

describe('gradients of dense kernels in blocks of 16', () => {
  it('cuts maps into bands where the samples fill no block', () => {
    expect(chosen(8, 64, 56)).toBe('blocked-bands');
    expect(chosen(8, 64, 7)).toBe('blocked-bands');
    expect(chosen(8, 3, 112, 7)).toBe('blocked-stem-bands');
  });

  it('takes whole samples where they do', () => {
    expect(chosen(64, 64, 16)).toBe('blocked-samples');
    expect(chosen(32, 3, 32)).toBe('blocked-stem');
  });

  it('takes whole samples where bands would sum as many zeros', () => {
    // 16 bands of one row each, 15 of which are zeros.
    expect(chosen(1, 64, 1)).toBe('blocked-samples');
  });
});
