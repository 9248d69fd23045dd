import { defineSelfTraining } from 'gradus';
import small from './selftrain.config.js';

/**
 * Noisy Student on CIFAR-10 with 400 labels a class. The labels teach more than with 100 a class, so
 * the teacher learns for longer, and the student goes on from its weights.
 */
export default defineSelfTraining({
  ...small,
  name: 'cifar10-4000',
  data: {
    labelled: '../../data/cifar10/labelled-4000',
    unlabelled: '../../data/cifar10/unlabelled-4000',
    test: '../../data/cifar10/test',
  },
  teacher: {
    ...small.teacher,
    steps: 2800,
    schedule: { kind: 'cosine', warmup: 2 },
    checkpoints: { every: 20, keepLast: 1 },
  },
  students: [{ batch: 25, ratio: 4, steps: 2000, init: 'teacher', labels: { threshold: 0.3 } }],
  validation: { share: 0.1, every: 10 },
});
