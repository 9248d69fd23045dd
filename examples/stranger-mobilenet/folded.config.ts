import { defineTraining } from 'gradus';
import finetune from './finetune.config.js';

/** The same without batch norms, as the exporter left the network. */
export default defineTraining({
  ...finetune,
  name: 'folded',
  model: './faces/faces.model.ts',
  init: './faces/weights',
});
