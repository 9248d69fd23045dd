/**
 * Begins or resumes a small run in a folder, and trains to its end; gives the trainer, to be closed.
 * `gradus` is the library: the compiled one in a process of its own, the sources in a test's.
 */
export async function tinyProcessRun(gradus, folder, { device = 'cpu', steps = 100, onEvent }) {
  const dataset = images(gradus);
  const { trainer } = await gradus.runTraining(
    {
      title: 'killed',
      folder,
      model: network(gradus, { block: device === 'cpu' }),
      trainer: { batch: 8, seed: 3, optimizer: { kind: 'rmspropTf' }, emaDecay: 0.9, device },
      source: new gradus.ShuffledBatches(dataset, { batch: 8, seed: 3 }),
      steps,
      schedule: { kind: 'cosine', rate: 0.02 },
      validation: dataset,
      evaluateEvery: 5,
      checkpointEvery: 2,
      keepLast: 2,
      config: {},
    },
    { resume: true, onEvent },
  );
  return trainer;
}

/**
 * All that a checkpoint holds, averages, statistics, noise; on a GPU without an MBConv block, whose
 * shaders take SwiftShader longer to compile than all the rest.
 */
export function network(gradus, { block }) {
  const { batchNorm, classifier, conv2d, defineModel, image, mbConv, silu } = gradus;
  return defineModel({
    name: 'killed-net',
    input: image(1, 8, 8),
    classes: 4,
    drop: 0.2,
    build(x, { classes, drop }) {
      x = conv2d(x, { name: 'stem', out: 4, kernel: 3, stride: 2, bias: false });
      x = silu(batchNorm(x, { name: 'bn' }));
      if (block) x = mbConv(x, { name: 'block', out: 4, expand: 2, survival: 0.7 });
      return classifier(x, { classes, dropout: drop });
    },
  });
}

function images({ ArrayDataset }) {
  const count = 48;
  const images = Uint8Array.from({ length: count * 64 }, (_, i) => (i * i * 7) % 251);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 4);
  return new ArrayDataset({ shape: [1, 8, 8], classes: 4, images, labels });
}
