import type { NodeTypes, Op, Attributes } from '../ir/op.js';
import type { Opset } from '../../generated/onnx/index.js';
import type { OnnxValue } from '../support/onnxValue.js';

/** Another spelling of a primitive on one target; what it does not take falls to the portable one. */
export interface Override {
  readonly op: Op;
  /** Why this spelling cannot be used here, or undefined where it can. */
  declines?(attrs: Attributes, types: NodeTypes): string | undefined;
  onnx(
    b: Opset,
    inputs: readonly (OnnxValue | undefined)[],
    attrs: Attributes,
    types: NodeTypes,
  ): OnnxValue[];
}

/** A way to spell the IR in ONNX: differences from the portable spelling that each op carries. */
export interface Target {
  readonly name: string;
  readonly overrides: readonly Override[];
  /** Why a dynamic batch is refused, or undefined where it is not. */
  readonly staticBatchOnly?: string;
}

/** Standard ONNX operators only. */
export const portable: Target = { name: 'portable', overrides: [] };
