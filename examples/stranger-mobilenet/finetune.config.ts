import { adamw, defineTraining } from 'gradus';
import features from './features.config.js';

/** All layers learn, with the batch norms that `--restore-batch-norm` put back. */
export default defineTraining({
  ...features,
  name: 'finetune',
  model: './faces-bn/faces.model.ts',
  init: './faces-bn/weights',
  freeze: [],
  epochs: 5,
  optimizer: adamw({ learningRate: 1e-3, weightDecay: 0.01 }),
});
