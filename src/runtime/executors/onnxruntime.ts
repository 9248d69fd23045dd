/** The one door to onnxruntime-node, which is loaded with its telemetry off. */
import './telemetry.js';
export { env, InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';
