import { describe, expect, it } from 'vitest';
import { conv, convInputGrad, convKernelGrad } from '../../../../src/compiler/ops/conv.js';
import { channelAffine, channelDot } from '../../../../src/compiler/ops/channels.js';
import { clipGrad } from '../../../../src/compiler/ops/activations.js';
import { expandLike, reduceSum } from '../../../../src/compiler/ops/broadcast.js';
import { reduceMean } from '../../../../src/compiler/ops/reduce.js';
import { channelMoments } from '../../../../src/compiler/ops/moments.js';
import { between } from '../../../support/draw.js';
import { add, mul, reluGrad, siluGrad } from '../../../../src/compiler/ops/elementwise.js';
import { batchNormGrad, batchNormTrain } from '../../../../src/compiler/ops/norm.js';
import { probeBlock } from '../../../../src/runtime/machine/probe.js';
import { candidatesOf } from '../../../../src/compiler/targets/chooseRules.js';
import { lower, type Choice } from '../../../../src/compiler/targets/lower.js';
import { GraphBuilder } from '../../../../src/compiler/onnx/builder.js';
import { cpuTarget } from '../../../../src/compiler/targets/cpu/index.js';
import { ruleName, type Override, type Target } from '../../../../src/compiler/targets/target.js';
import { conformance } from '../../../conformance/tables/index.js';
import { checkSpelling, instancesOf } from '../../../support/checkOp.js';
import type { OpCase, OpTable } from '../../../support/opCase.js';

const block = await probeBlock();

/**
 * The target with blocked spellings wherever they are possible, however small the map, and with the
 * one of a name where it competes.
 */
function forcing(name?: string): Target {
  const target = cpuTarget({ block });
  if (target.layouts === undefined) return target;
  const cost = (_: unknown, rule: Override | undefined): number =>
    rule !== undefined && rule.name === name ? 0 : rule?.layouts === undefined ? 1e6 : 1;
  return { ...target, layouts: { ...target.layouts, conversionCost: () => 0, cost } };
}

const eager = forcing();

/** Channels: whole blocks of 16 and of 8, and some that are no multiple of 8 or of 4. */
const channelCounts = [
  [16, 32],
  [24, 40],
  [20, 18],
] as const;

interface Window {
  readonly kernel: readonly [number, number];
  readonly size: readonly [number, number];
  readonly strides?: readonly [number, number];
  readonly pads?: readonly [number, number, number, number];
  readonly dilations?: readonly [number, number];
}

const windows: readonly Window[] = [
  { kernel: [1, 1], size: [5, 7] },
  { kernel: [1, 1], size: [23, 19] },
  { kernel: [1, 1], size: [6, 6], strides: [2, 2] },
  // Pixels of a sample, or of both, that are whole blocks of 8 or of 16.
  { kernel: [1, 1], size: [4, 4] },
  { kernel: [1, 1], size: [2, 4] },
  { kernel: [1, 1], size: [2, 2] },
  { kernel: [3, 3], size: [5, 7], pads: [1, 1, 1, 1] },
  { kernel: [3, 3], size: [6, 8], pads: [1, 1, 1, 1], strides: [2, 2] },
  { kernel: [3, 3], size: [7, 9], pads: [1, 1, 1, 1], strides: [2, 2] },
  // TensorFlow's 'same': the odd zero at the end.
  { kernel: [3, 3], size: [6, 8], pads: [0, 0, 1, 1], strides: [2, 2] },
  { kernel: [5, 5], size: [7, 7], pads: [2, 2, 2, 2] },
  { kernel: [3, 3], size: [9, 8], pads: [2, 2, 2, 2], dilations: [2, 2] },
];

function convCases(
  depthwise: boolean,
  counts: readonly (readonly [number, number])[] = channelCounts,
): { x: number[]; w: number[]; dy: number[]; attrs: object }[] {
  return counts.flatMap(([channels, other]) =>
    windows.map(({ kernel, size, strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1] }) => {
      const out = depthwise ? channels : other;
      const reach = (axis: 0 | 1): number =>
        size[axis] + pads[axis] + (pads[axis + 2] ?? 0) - dilations[axis] * (kernel[axis] - 1) - 1;
      const output = ([0, 1] as const).map((i) => Math.floor(reach(i) / strides[i]) + 1);
      const groups = depthwise ? channels : 1;
      return {
        x: [2, channels, ...size],
        w: [out, depthwise ? 1 : channels, ...kernel],
        dy: [2, out, ...output],
        attrs: { strides, pads, dilations, groups, kernel, input: size },
      };
    }),
  );
}

// The last are as a network's first convolution, which reads its input plain.
const allConvs = [...convCases(false), ...convCases(true), ...convCases(false, [[3, 24]])];
const maps = channelCounts.map(([channels]) => [2, channels, 5, 3]);
const cases = (make: (x: number[]) => OpCase['in']): OpCase[] => maps.map((x) => ({ in: make(x) }));
const vector = ([, channels = 1]: number[]) => [channels];
const rows = ([batch = 1, channels = 1]: number[]) => [batch, channels, 1, 1];
const positive = (shape: number[]) => ({ shape, draw: between(0.5, 2) });
const noGradient = 'spellings only';

const withEpsilon = (opCase: OpCase): OpCase => ({ ...opCase, attrs: { epsilon: 1e-3 } });
const clipped = (opCase: OpCase): OpCase => ({
  ...opCase,
  attrs: { min: -1, max: 0.5, open: true },
});
const over =
  (axes: readonly number[], keepDims: boolean) =>
  (opCase: OpCase): OpCase => ({ ...opCase, attrs: { axes, keepDims } });

/** Maps of whole and of broken blocks; the conformance table has few channels. */
const blockedTables: readonly OpTable[] = [
  { op: conv, noGradient, cases: allConvs.map(({ x, w, attrs }) => ({ in: { x, w }, attrs })) },
  {
    op: convInputGrad,
    noGradient,
    cases: allConvs.map(({ dy, w, attrs }) => ({ in: { dy, w }, attrs })),
  },
  {
    op: convKernelGrad,
    noGradient,
    cases: allConvs.map(({ x, dy, attrs }) => ({ in: { x, dy }, attrs })),
  },
  {
    op: batchNormTrain,
    noGradient,
    cases: cases((x) => ({ x, scale: vector(x), bias: vector(x) })).map(withEpsilon),
  },
  {
    op: batchNormGrad,
    noGradient,
    cases: cases((x) => ({
      x,
      scale: vector(x),
      mean: vector(x),
      variance: positive(vector(x)),
      dy: x,
    })).map(withEpsilon),
  },
  { op: add, noGradient, cases: cases((x) => ({ a: x, b: x })) },
  { op: mul, noGradient, cases: cases((x) => ({ a: x, b: rows(x) })) },
  { op: siluGrad, noGradient, cases: cases((x) => ({ x, dy: x })) },
  { op: reluGrad, noGradient, cases: cases((x) => ({ x, dy: x })) },
  { op: clipGrad, noGradient, cases: cases((x) => ({ x, dy: x })).map(clipped) },
  { op: channelDot, noGradient, cases: cases((x) => ({ a: x, b: x })) },
  {
    op: channelAffine,
    noGradient,
    cases: cases((x) => ({ x, scale: rows(x), shift: rows(x) })),
  },
  { op: channelMoments, noGradient, cases: cases((x) => ({ x })) },
  { op: reduceMean, noGradient, cases: cases((x) => ({ x })).map(over([2, 3], true)) },
  { op: reduceSum, noGradient, cases: cases((x) => ({ x })).map(over([0, 2, 3], false)) },
  { op: expandLike, noGradient, cases: cases((x) => ({ x: rows(x), like: x })) },
];

/** Spellings taken of an op. */
function choicesOf(table: OpTable, target: Target): Set<string> {
  const taken = new Set<string>();
  const onChoice = (choice: Choice): void => {
    if (choice.op === table.op.name) taken.add(choice.taken);
  };
  for (const { graph } of instancesOf(table, 'float32'))
    lower(graph, new GraphBuilder({ opset: 21, name: 'choices' }), { target, onChoice });
  return taken;
}

/** Spellings that could take maps of a table and are not the first there. */
function rivalsIn(table: OpTable): string[] {
  const named = instancesOf(table, 'float32').flatMap(({ graph }) =>
    candidatesOf(graph, eager).flatMap(({ node, blocked, plain }) =>
      node.op === table.op ? [...blocked.slice(1), ...plain.slice(0, -1)].map(ruleName) : [],
    ),
  );
  return [...new Set(named)];
}

describe('the conformance table on the CPU target', () => {
  for (const table of conformance)
    describe(table.op.name, () => {
      checkSpelling(table, eager, [21]);
    });
});

describe.skipIf(block === 0)('blocked maps (skipped where onnxruntime has none)', () => {
  for (const table of blockedTables)
    describe(table.op.name, () => {
      checkSpelling(table, eager, [17, 21]);

      it('has a blocked spelling that takes some of these maps', () => {
        expect([...choicesOf(table, eager)]).toContainEqual(expect.stringMatching(/^blocked/));
      });

      for (const name of rivalsIn(table))
        describe(`with ${name} wherever it competes`, () => {
          const target = forcing(name);
          checkSpelling(table, target, [21]);

          it('takes it', () => {
            expect(choicesOf(table, target)).toContain(name);
          });
        });
    });
});
