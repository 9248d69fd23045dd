import { adamw, defineTraining } from 'gradus';

/** Layers `name1` to `nameN`. */
const layers = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${name}${i + 1}`);

/** The baseline: all layers of the stranger are frozen, and a new classifier learns on its 512 features. */
export default defineTraining({
  name: 'features',
  model: './faces/faces.model.ts',
  init: './faces/weights',
  freeze: [...layers('conv', 33), ...layers('conv_dw', 17), ...layers('prelu', 33)],
  data: {
    labelled: '../../data/twemoji/labelled-180',
    test: '../../data/twemoji/test',
  },
  epochs: 10,
  batch: 20,
  optimizer: adamw({ learningRate: 0.01, weightDecay: 0 }),
  schedule: { kind: 'cosine', warmup: 1 },
  noise: { flip: true, pad: 4 },
  choose: 'last',
  validation: { every: 5 },
});
