/**
 * From a model file to the end of its first training step: node firstStep.mjs FILE BATCH THREADS. Prints wall
 * seconds as JSON: loading Gradus' code; types, evaluation of the file, gradients, layouts, ONNX, initial
 * weights and sessions; the step.
 */
const start = performance.now();
// What users run is dist/, not the sources.
const dist = (path) => import(new URL(`../dist/src/${path}`, import.meta.url).href);
const gradus = await dist('index.js');
const loaded = performance.now();
const [file, batch, threads] = process.argv.slice(2);
const trainer = await gradus.Trainer.create(file, {
  ...{ batch: Number(batch), threads: Number(threads), device: 'cpu', emaDecay: 0.9999 },
  optimizer: { kind: 'rmspropTf', weightDecay: 1e-5 },
});
const compiled = performance.now();
const source = {
  stepsPerEpoch: 1,
  fill: ({ target, weight }) => {
    target.fill(1 / trainer.manifest.classes);
    weight.fill(1);
  },
};
await trainer.run(source, { until: 1, learningRate: () => 1e-3 }).next();
const end = performance.now();
await trainer.close();
const seconds = (from, to) => (to - from) / 1000;
console.log(
  JSON.stringify({
    load: seconds(start, loaded),
    compile: seconds(loaded, compiled),
    step: seconds(compiled, end),
    all: seconds(start, end),
  }),
);
