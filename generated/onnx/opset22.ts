// Made by `npm run generate` from schemas/; never edited.
import type { Opset21 } from './opset21.js';

/** Operators of ai.onnx at opset 22. */
export interface Opset22 extends Omit<Opset21, 'opset'> {
    readonly opset: 22;
}
