/**
 * Compile time, step time and share of time outside session.run of an EfficientNet-B0.
 * npm run bench [BATCH] [SIZE] [STEPS]; needs a built dist/.
 */
import {
  classifier,
  compileModel,
  convBnAct,
  defineModel,
  image,
  linearDecay,
  mbConv,
  Trainer,
  type BatchSource,
} from '../dist/src/index.js';

const [batch = 8, size = 64, steps = 12] = process.argv.slice(2).map(Number);

/** Repeats, kernel, stride, expand, out; arXiv 1905.11946, table 1. */
const stages = [
  [1, 3, 1, 1, 16],
  [2, 3, 2, 6, 24],
  [2, 5, 2, 6, 40],
  [3, 3, 2, 6, 80],
  [3, 5, 1, 6, 112],
  [4, 5, 2, 6, 192],
  [1, 3, 1, 6, 320],
] as const;

const model = defineModel({
  name: 'b0',
  input: image(3, size, size),
  classes: 1000,
  drop: 0.2,
  dropPath: 0.2,
  build(x, { classes, drop, dropPath }) {
    const survivals = linearDecay(16, 1 - dropPath);
    let block = 0;
    x = convBnAct(x, { name: 'stem', out: 32, kernel: 3, stride: 2 });
    for (const [s, [repeats, kernel, stride, expand, out]] of stages.entries())
      for (let i = 0; i < repeats; i++) {
        const survival = survivals[block++] ?? 1;
        const name = `blocks.${s}.${i}`;
        x = mbConv(x, { name, out, kernel, stride: i === 0 ? stride : 1, expand, survival });
      }
    x = convBnAct(x, { name: 'head', out: 1280, kernel: 1 });
    return classifier(x, { name: 'classifier', classes, dropout: drop });
  },
});

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

const options = {
  optimizer: { kind: 'rmspropTf', weightDecay: 1e-5 },
  emaDecay: 0.9999,
  batch,
};
const compileSeconds: number[] = [];
for (let i = 0; i < 3; i++)
  compileSeconds.push((await compileModel(model, { ...options, artifacts: ['train'] })).seconds);

const source: BatchSource = {
  stepsPerEpoch: steps,
  fill: ({ image: pixels, target, weight }, step) => {
    for (let i = 0; i < pixels.length; i++) pixels[i] = ((i * 2654435761 + step) % 997) / 997;
    target.fill(0);
    for (let row = 0; row < batch; row++) target[row * 1000 + ((row * 37 + step) % 1000)] = 1;
    weight.fill(1);
  },
};
const trainer = await Trainer.create(model, options);
const wall: number[] = [];
const outside: number[] = [];
let last = performance.now();
for await (const { runMilliseconds } of trainer.run(source, {
  until: steps,
  learningRate: () => 1e-3,
})) {
  const now = performance.now();
  wall.push(now - last);
  outside.push(1 - runMilliseconds / (now - last));
  last = now;
}
await trainer.close();
const settled = wall.slice(2);
console.log(
  JSON.stringify({
    batch,
    size,
    compileSeconds: median(compileSeconds),
    stepMilliseconds: median(settled),
    slowestStepMilliseconds: Math.max(...settled),
    imagesPerSecond: (1000 * batch) / median(settled),
    outsideRunShare: median(outside.slice(2)),
  }),
);
