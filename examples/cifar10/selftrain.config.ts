import { defineSelfTraining, sgd } from 'gradus';

/**
 * Noisy Student on CIFAR-10 with 100 labels a class: a teacher, two students that also learn from its
 * 49,000 pseudo-labels, and a control that gets the first student's steps and images from labels alone.
 */
export default defineSelfTraining({
  name: 'cifar10-1000',
  data: {
    labelled: '../../data/cifar10/labelled-1000',
    unlabelled: '../../data/cifar10/unlabelled-1000',
    test: '../../data/cifar10/test',
  },
  teacher: {
    model: './small.model.ts',
    steps: 4000,
    batch: 100,
    optimizer: sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 5e-4 }),
    schedule: { kind: 'cosine', warmup: 5 },
    ema: 0.99,
    noise: {
      randAugment: { n: 1, m: 5 },
      pad: 4,
      flip: true,
      cutout: 8,
      dropout: 0.1,
      dropPath: 0.1,
    },
    checkpoints: { every: 50, keepLast: 1 },
    choose: 'last',
  },
  students: [{ batch: 25, ratio: 4, steps: 1800, labels: { threshold: 0.3 } }, {}],
  control: true,
  validation: { share: 0.1, every: 20 },
  labelling: { batch: 100 },
});
