import { defineDevice } from './device.js';
import { plainDiagnosis } from './diagnosis.js';

/** The processor, by onnxruntime's CPU provider. */
export const cpu = defineDevice({
  name: 'cpu',
  title: 'the CPU',
  target: 'cpu',
  // onnxruntime finds its own layout if the weights are constants.
  labelTarget: 'portable',
  state: 'host',
  strict: false,
  stepsPerRun: 1,
  session: {},
  // Its provider computes in 16 bits by casts around each node, slower than in float32.
  halves: { refusesLabels: 'it has no 16-bit kernels' },
  libraries: [],
  diagnose: plainDiagnosis,
});
