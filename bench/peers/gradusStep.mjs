/**
 * Training steps of a network: node gradusStep.mjs MODEL BATCH SIZE THREADS [sgd], as users run them, from
 * dist/ and in a process of its own, by RMSProp with a moving average or by plain SGD. Writes "ready", then for each line, a number of seconds, a JSON
 * array of the milliseconds of the steps that it took in them.
 */
import { createInterface } from 'node:readline';

const dist = new URL('../../dist/', import.meta.url);
const { Trainer } = await import(new URL('src/index.js', dist).href);
const { installedVersion } = await import(
  new URL('src/language/frontend/installation.js', dist).href
);

const [model, ...numbers] = process.argv.slice(2);
const [batch, size, threads] = numbers.slice(0, 3).map(Number);
const plain = { optimizer: { kind: 'sgd', momentum: 0.9 } };
const usual = { optimizer: { kind: 'rmspropTf', weightDecay: 1e-5 }, emaDecay: 0.9999 };
const trainer = await Trainer.create(model, {
  ...{ batch, size, threads, device: 'cpu' },
  ...(numbers[3] === 'sgd' ? plain : usual),
});
const { classes } = trainer.manifest;

/** As PyTorch's, the images stay the same; there are a few arrays that take turns. */
const filled = new WeakSet();
const source = {
  stepsPerEpoch: 1000,
  fill(arrays) {
    if (filled.has(arrays)) return;
    filled.add(arrays);
    for (let i = 0; i < arrays.image.length; i++) arrays.image[i] = ((i * 2654435761) % 997) / 997;
    for (let row = 0; row < batch; row++) arrays.target[row * classes + (row % 10)] = 1;
    arrays.weight.fill(1);
  },
};

console.log(`ready ${installedVersion()}`);
let until = 0;
/** Milliseconds of the last step, by which the next turn has its number of steps. */
let pace = Infinity;
for await (const line of createInterface(process.stdin)) {
  until += Math.max(2, Math.ceil((1000 * Number(line)) / pace));
  const taken = [];
  let last = performance.now();
  const steps = trainer.run(source, { until, learningRate: () => 1e-3 });
  while (!(await steps.next()).done) {
    const now = performance.now();
    taken.push(now - last);
    last = now;
  }
  pace = taken.at(-1);
  console.log(JSON.stringify(taken));
}
await trainer.close();
