import { expect, it } from 'vitest';
import { compile } from '../../../src/compiler/compile/compile.js';
import type { TraceMode } from '../../../src/compiler/trace/trace.js';
import { traceOf } from '../../../src/compiler/trace/trace.js';
import {
  batchNorm,
  classifier,
  conv2d,
  defineModel,
  image,
} from '../../../src/language/nn/index.js';

it('a compilation traces a network once in evaluation and once in training', () => {
  const traced: TraceMode[] = [];
  const model = defineModel({
    name: 'net',
    input: image(1, 4, 4),
    classes: 2,
    build(x, { classes }) {
      traced.push(traceOf('net', [x]).settings.mode);
      return classifier(batchNorm(conv2d(x, { name: 'conv', out: 2, kernel: 3 })), { classes });
    },
  });
  const artifacts = ['infer', 'forward', 'grad', 'update', 'train', 'init'] as const;
  const { manifest } = compile(model, { artifacts });
  expect(traced.toSorted()).toEqual(['eval', 'train']);
  // Each artifact is a graph of its own: none has what another one added.
  const { grad, train } = manifest.artifacts;
  const added = grad?.outputs.filter(({ role }) => role === 'grad').map(({ name }) => name);
  expect(added).toContain('grad.conv.weight');
  expect(train?.outputs.filter(({ role }) => role === 'grad')).toEqual([]);
});
