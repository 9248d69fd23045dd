import { softmaxCrossEntropy } from '../ops/loss.js';
import { defineLoss } from './loss.js';

/** Softmax cross-entropy on soft targets, as torch.nn.CrossEntropyLoss. */
export const crossEntropy = defineLoss({
  kind: 'crossEntropy',
  meaning: 'Softmax cross-entropy.',
  options: {},
  linear: true,
  rows: (_, { logits, target }) => softmaxCrossEntropy(logits, target),
});
