/** Forms of the operators that slide a window or resample: explicit pads, no automatic ones. */
import type { OnnxNode } from '../../../onnx/model.js';
import { ints, text } from '../../../onnx/shapes/valueTable.js';
import { numbers, tensorOf } from '../constants.js';
import {
  changed,
  floats,
  fromFront,
  instead,
  intsAttribute,
  isOpen,
  textAttribute,
  type Form,
  type Forms,
  type Surroundings,
} from './form.js';

/** Sizes of the axes that a window slides over; undefined if one is not known. */
function spatial(node: OnnxNode, around: Surroundings): number[] | undefined {
  const sizes = around.shape(node.inputs[0])?.slice(2);
  return sizes?.every((dim) => typeof dim === 'number') ? sizes : undefined;
}

/** Pads of automatic padding to `wanted` more pixels an axis; one pixel more goes to one end. */
function shared(wanted: readonly number[], upper: boolean): number[] {
  const few = wanted.map((pad) => Math.floor(Math.max(0, pad) / 2));
  const many = wanted.map((pad, i) => Math.max(0, pad) - (few[i] ?? 0));
  return upper ? [...few, ...many] : [...many, ...few];
}

/** `weight` is the operand that holds the kernel, if one does. */
function windowed(weight: number | undefined): Form {
  return (node, around) => {
    const sizes = spatial(node, around);
    const kernel =
      ints(node, 'kernel_shape') ??
      (weight === undefined ? undefined : around.shape(node.inputs[weight])?.slice(2));
    if (!sizes || !kernel?.every((dim) => typeof dim === 'number')) return undefined;
    const strides = ints(node, 'strides') ?? sizes.map(() => 1);
    const dilations = ints(node, 'dilations') ?? sizes.map(() => 1);
    const mode = text(node, 'auto_pad') ?? 'NOTSET';
    const given = ints(node, 'pads') ?? sizes.flatMap(() => [0, 0]);
    const pads = mode.startsWith('SAME')
      ? shared(
          sizes.map((size, i) => {
            const [stride, extent] = [
              strides[i] ?? 1,
              (dilations[i] ?? 1) * ((kernel[i] ?? 1) - 1) + 1,
            ];
            return (Math.ceil(size / stride) - 1) * stride + extent - size;
          }),
          mode === 'SAME_UPPER',
        )
      : mode === 'VALID'
        ? sizes.flatMap(() => [0, 0])
        : given;
    return [
      changed(node, {
        set: {
          kernel_shape: intsAttribute(kernel),
          strides: intsAttribute(strides),
          dilations: intsAttribute(dilations),
          pads: intsAttribute(pads),
          auto_pad: undefined,
        },
      }),
    ];
  };
}

const convTranspose: Form = (node, around) => {
  const sizes = spatial(node, around);
  const kernel = around.shape(node.inputs[1])?.slice(2);
  if (!sizes || !kernel?.every((dim) => typeof dim === 'number')) return undefined;
  const ones = sizes.map(() => 1);
  const strides = ints(node, 'strides') ?? ones;
  const dilations = ints(node, 'dilations') ?? ones;
  const extra = ints(node, 'output_padding') ?? sizes.map(() => 0);
  const mode = text(node, 'auto_pad') ?? 'NOTSET';
  const wanted = ints(node, 'output_shape')?.slice(-sizes.length);
  const target =
    wanted ??
    (mode.startsWith('SAME') ? sizes.map((size, i) => size * (strides[i] ?? 1)) : undefined);
  const whole = sizes.map(
    (size, i) =>
      (size - 1) * (strides[i] ?? 1) +
      (extra[i] ?? 0) +
      ((kernel[i] ?? 1) - 1) * (dilations[i] ?? 1) +
      1,
  );
  const pads = target
    ? shared(
        whole.map((size, i) => size - (target[i] ?? size)),
        // With more to cut at one end, the lower end is the one unless it is SAME_UPPER.
        mode === 'SAME_UPPER',
      )
    : mode === 'VALID'
      ? sizes.flatMap(() => [0, 0])
      : (ints(node, 'pads') ?? sizes.flatMap(() => [0, 0]));
  return [
    changed(node, {
      set: {
        kernel_shape: intsAttribute(kernel),
        strides: intsAttribute(strides),
        dilations: intsAttribute(dilations),
        output_padding: intsAttribute(extra),
        pads: intsAttribute(pads),
        auto_pad: undefined,
        output_shape: undefined,
      },
    }),
  ];
};

/** Resize, whose sizes lie in its result, and Upsample, which is one that counts from the corner. */
const resize: Form = (node, around) => {
  const shape = around.shape(node.inputs[0]);
  if (!shape) return undefined;
  const old = node.opType === 'Upsample' || around.opset < 11;
  const place = old ? 1 : 2;
  if (isOpen(node, around, place)) {
    around.refuse(node, 'resizes by a factor that depends on the images');
    return undefined;
  }
  const axes = ints(node, 'axes')?.map((axis) => fromFront(axis, shape.length));
  const tensor = around.tensor(node.inputs[place]);
  const listed = floats(node, 'scales') ?? (tensor && numbers(tensor));
  const given = listed && listed.length > 0 ? listed : undefined;
  const scales =
    given &&
    shape.map((_, i) =>
      axes ? (axes.includes(i) ? (given[axes.indexOf(i)] ?? 1) : 1) : (given[i] ?? 1),
    );
  const base = `${node.outputs[0] ?? node.name}.scales`;
  const scale = scales ? around.constant(base, tensorOf('float32', [scales.length], scales)) : '';
  const roi =
    old || text(node, 'coordinate_transformation_mode') !== 'tf_crop_and_resize'
      ? ''
      : (node.inputs[1] ?? '');
  const set = old
    ? {
        mode: node.attributes.get('mode'),
        coordinate_transformation_mode: textAttribute('asymmetric'),
        nearest_mode: textAttribute(scales?.some((by) => by < 1) === true ? 'ceil' : 'floor'),
      }
    : { axes: scales ? undefined : node.attributes.get('axes') };
  const made = old ? instead(node, 'Resize', { set }) : changed(node, { set });
  const sizes = scales ? '' : (node.inputs[3] ?? '');
  return [{ ...made, inputs: [node.inputs[0] ?? '', roi, scale, sizes] }];
};

export const windowForms: Forms = {
  Conv: windowed(1),
  ConvInteger: windowed(1),
  DeformConv: windowed(1),
  MaxPool: windowed(undefined),
  AveragePool: windowed(undefined),
  LpPool: windowed(undefined),
  ConvTranspose: convTranspose,
  Resize: resize,
  Upsample: resize,
};
