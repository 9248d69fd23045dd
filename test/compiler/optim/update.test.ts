import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import { Graph } from '../../../src/compiler/ir/graph.js';
import { ndarray } from '../../../src/compiler/ir/ndarray.js';
import { verifyGraph } from '../../../src/compiler/ir/verify.js';
import {
  adamw,
  buildUpdate,
  createOptimizer,
  optimizerNames,
  optimizers,
  rmspropTf,
  sgd,
} from '../../../src/compiler/optim/index.js';
import { ConfigError } from '../../../src/support/errors.js';
import { repositoryRoot } from '../../support/paths.js';
import { stepProgram } from './trajectory.js';

describe('the update', () => {
  it('declares hypers, then states, then averages', () => {
    const { graph, update } = stepProgram(adamw(), { clip: true, ema: true });
    verifyGraph(graph);
    expect(graph.inputs.map(({ name }) => name).slice(5)).toEqual([
      'learning_rate',
      'bias_correction1',
      'bias_correction2',
      'weight_decay',
      'max_norm',
      'ema_decay',
      'optim.exp_avg.fc.weight',
      'optim.exp_avg_sq.fc.weight',
      'optim.exp_avg.fc.bias',
      'optim.exp_avg_sq.fc.bias',
      'ema.fc.weight',
      'ema.fc.bias',
    ]);
    expect(update.hyperSpecs[1]).toMatchObject({
      name: 'bias_correction1',
      default: expect.closeTo(0.1, 12),
      formula: { kind: 'biasCorrection', base: 0.9 },
    });
  });

  it('declares nothing that a plain optimizer does not need', () => {
    const { graph, update } = stepProgram(sgd({ momentum: 0 }));
    expect(update.hyperSpecs.map(({ name }) => name)).toEqual(['learning_rate']);
    expect(graph.inputs.map(({ name }) => name).slice(5)).toEqual(['learning_rate']);
    expect(update.gradNorm).toBeUndefined();
  });

  it('marks its nodes as the update and by the parameter they belong to', () => {
    const { update } = stepProgram(rmspropTf());
    const origins = update.newStates.map(({ value }) => value.origin);
    expect(origins.every(({ phase, scope }) => phase === 'update' && scope === 'fc')).toBe(true);
  });

  it('averages buffers too, divides by the weight sum and reports the norm of the mean', () => {
    const graph = new Graph('update');
    const [p, g, mean] = ['w', 'g', 'new.mean'].map((name) => graph.input(name, 'float64', [2]));
    const weightSum = graph.input('weight_sum', 'float64', []);
    if (!p || !g || !mean) throw new RangeError('three inputs');
    const { newParams, newEma, gradNorm } = buildUpdate(graph, {
      params: [{ name: 'w', value: p, grad: g, decay: true }],
      optimizer: sgd({ momentum: 0 }),
      weightSum,
      buffers: [{ name: 'bn.running_mean', value: mean }],
      clip: true,
      ema: true,
    });
    for (const { name, value } of [...newParams, ...newEma]) graph.output(name, value);
    if (gradNorm) graph.output('norm', gradNorm);
    const scalars = { weight_sum: 2, learning_rate: 0.5, max_norm: 100, ema_decay: 0.75 };
    const vectors = { w: [1, 2], g: [6, 8], 'new.mean': [4, 8], 'ema.w': [1, 1] };
    const made = evaluate(
      graph,
      new Map([
        ...Object.entries(scalars).map(([k, v]) => [k, ndarray([], [v])] as const),
        ...Object.entries(vectors).map(([k, v]) => [k, ndarray([2], v)] as const),
        ['ema.bn.running_mean', ndarray([2], [0, 4])] as const,
      ]),
    );
    const plain = Object.fromEntries([...made].map(([name, { data }]) => [name, Array.from(data)]));
    expect(plain).toEqual({
      w: [-0.5, 0],
      'ema.w': [0.625, 0.75],
      'ema.bn.running_mean': [1, 5],
      norm: [5],
    });
  });

  it('takes gradients for 0 where no sample has weight, and never makes NaN', () => {
    const graph = new Graph('update');
    const [p, g] = ['w', 'g'].map((name) => graph.input(name, 'float64', [2]));
    const weightSum = graph.input('weight_sum', 'float64', []);
    if (!p || !g) throw new RangeError('two inputs');
    const { newParams, newStates, gradNorm } = buildUpdate(graph, {
      params: [{ name: 'w', value: p, grad: g, decay: true }],
      optimizer: sgd({ momentum: 0.5 }),
      weightSum,
      clip: true,
    });
    for (const { name, value } of [...newParams, ...newStates]) graph.output(name, value);
    if (gradNorm) graph.output('norm', gradNorm);
    const scalars = { weight_sum: 0, learning_rate: 0.5, max_norm: 1, momentum: 0.5 };
    const vectors = { w: [1, 2], g: [0, 0], 'optim.momentum.w': [4, 8] };
    const made = evaluate(
      graph,
      new Map([
        ...Object.entries(scalars).map(([k, v]) => [k, ndarray([], [v])] as const),
        ...Object.entries(vectors).map(([k, v]) => [k, ndarray([2], v)] as const),
      ]),
    );
    const plain = Object.fromEntries([...made].map(([name, { data }]) => [name, Array.from(data)]));
    // As PyTorch steps on gradients of zeros: the momentum runs on.
    expect(plain).toEqual({ w: [0, 0], 'optim.momentum.w': [2, 4], norm: [0] });
  });

  it('leaves a parameter without a gradient alone, as PyTorch does', () => {
    const graph = new Graph('update');
    const [a, b, g] = ['a', 'b', 'g'].map((name) => graph.input(name, 'float64', [2]));
    if (!a || !b || !g) throw new RangeError('three inputs');
    const { newParams, newStates, newEma } = buildUpdate(graph, {
      params: [
        { name: 'a', value: a, grad: undefined, decay: true },
        { name: 'b', value: b, grad: g, decay: true },
      ],
      optimizer: adamw({ weightDecay: 0.5 }),
      weightSum: graph.input('weight_sum', 'float64', []),
      clip: true,
      ema: true,
    });
    expect(newParams.map(({ name }) => name)).toEqual(['b']);
    expect(newStates.map(({ name }) => name)).toEqual(['optim.exp_avg.b', 'optim.exp_avg_sq.b']);
    expect(newEma.map(({ name }) => name)).toEqual(['ema.a', 'ema.b']);
  });
});

describe('the index', () => {
  it('offers every file that makes an optimizer', () => {
    const folder = join(repositoryRoot, 'src/compiler/optim');
    const makers = readdirSync(folder)
      .filter((file) => file !== 'optimizer.ts')
      .filter((file) => readFileSync(join(folder, file), 'utf8').includes('defineOptimizer('))
      .map((file) => file.replace(/\.ts$/, ''));
    expect(makers).toEqual([...optimizerNames].sort());
  });

  it('makes each again from its config', () => {
    for (const make of Object.values(optimizers)) {
      const { config } = make();
      expect(createOptimizer(JSON.parse(JSON.stringify(config))).config).toEqual(config);
    }
  });
});

describe('a wrong config', () => {
  const messageOf = (make: () => unknown): string => {
    try {
      make();
    } catch (error) {
      if (error instanceof ConfigError)
        return `${error.option?.join('.') ?? ''}: ${error.message}; ${error.hint ?? ''}`;
    }
    return 'accepted';
  };

  it('names the key and what is allowed', () => {
    expect(messageOf(() => createOptimizer({ kind: 'adam' }))).toBe(
      `optimizer.kind: unknown optimizer adam; allowed: ${optimizerNames.join(', ')}`,
    );
    expect([
      messageOf(() => createOptimizer({ kind: 'sgd', beta1: 0.9 })),
      messageOf(() => createOptimizer({ kind: 'sgd', momentum: 'high' })),
      messageOf(() => createOptimizer({ kind: 'sgd', nesterov: 1 })),
      messageOf(() => sgd({ momentum: 1 })),
      messageOf(() => sgd({ momentum: 0, nesterov: true })),
      messageOf(() => rmspropTf({ epsilon: -1 })),
      messageOf(() => adamw({ weightDecay: -1 })),
    ]).toMatchInlineSnapshot(`
      [
        "optimizer.beta1: unknown option beta1 of the optimizer sgd; allowed: learningRate, momentum, nesterov, weightDecay, decoupledDecay",
        "optimizer.momentum: momentum of the optimizer sgd is 'high'; use a number of at least 0 and below 1",
        "optimizer.nesterov: nesterov of the optimizer sgd is 1; use true or false",
        "optimizer.momentum: momentum of the optimizer sgd is 1; use a number of at least 0 and below 1",
        "optimizer.nesterov: the optimizer sgd cannot use nesterov without momentum; set a momentum above 0, or leave nesterov out",
        "optimizer.epsilon: epsilon of the optimizer rmspropTf is -1; use a number above 0 and at most 3.4e+38",
        "optimizer.weightDecay: weightDecay of the optimizer adamw is -1; use a number from 0 to 3.4e+38",
      ]
    `);
  });
});
