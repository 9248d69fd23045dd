import { defineSelfTraining, sgd } from 'gradus';

/**
 * Noisy Student on CIFAR-10 with 400 labels a class. The labels teach more than with 100 a class, so
 * the teacher learns for longer, and the student goes on from its weights.
 */
export default defineSelfTraining({
  name: 'cifar10-4000',
  data: {
    labelled: '../../data/cifar10/labelled-4000',
    unlabelled: '../../data/cifar10/unlabelled-4000',
    test: '../../data/cifar10/test',
  },
  teacher: {
    model: './small.model.ts',
    steps: 2800,
    batch: 100,
    optimizer: sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 5e-4 }),
    schedule: { kind: 'cosine', warmup: 2 },
    ema: 0.99,
    noise: {
      randAugment: { n: 1, m: 5 },
      pad: 4,
      flip: true,
      cutout: 8,
      dropout: 0.1,
      dropPath: 0.1,
    },
    checkpoints: { every: 20, keepLast: 1 },
    choose: 'last',
  },
  students: [{ batch: 25, ratio: 4, steps: 2000, init: 'teacher', labels: { threshold: 0.3 } }],
  control: true,
  validation: { share: 0.1, every: 10 },
  labelling: { batch: 100 },
});
