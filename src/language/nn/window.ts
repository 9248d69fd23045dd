import { TypeFault, type Value } from '../../compiler/ir/graph.js';
import { formatSite } from '../../compiler/ir/origin.js';
import { windowOutput, type WindowAttributes } from '../../compiler/ops/window.js';
import { formatShape } from '../../support/shape.js';
import { currentSite } from '../../compiler/trace/callSites.js';
import type { Trace } from '../../compiler/trace/trace.js';

/** Vertical and horizontal; one number stands for both. */
export type Pair = number | readonly [number, number];

/**
 * Padding of a window, in pixels: on every side, [vertical, horizontal], [top, left, bottom,
 * right]; `symmetric`, (dilation * (kernel - 1) + stride - 1) / 2 rounded down on both sides, as
 * PyTorch's models have it; or `same`, TensorFlow's: ceil(size / stride) outputs, an odd pixel at
 * the end.
 */
export type Padding = Pair | readonly [number, number, number, number] | 'symmetric' | 'same';

/** Top, left, bottom, right. */
export type Sides = readonly [number, number, number, number];

/** Padding in numbers, as that of each side. */
export function sidesOf(padding: Exclude<Padding, string>): Sides {
  if (typeof padding === 'object' && padding.length === 4) return padding;
  const [vertical, horizontal] = pair(padding);
  return [vertical, horizontal, vertical, horizontal];
}

export interface WindowOptions {
  /** Rows and columns. */
  readonly kernel: Pair;
  readonly stride?: Pair;
  /** Default 0. */
  readonly padding?: Padding;
  /** Default 1. */
  readonly dilation?: Pair;
}

export interface Window extends WindowAttributes {
  readonly kernel: readonly [number, number];
}

/** Resolves a layer's window over x [N,C,H,W]; refuses what makes no sense, and what does not fit. */
export function resolveWindow(
  trace: Trace,
  layer: string,
  x: Value,
  options: WindowOptions,
): Window {
  const window = statedWindow(trace, layer, x, options);
  checkFits(trace, layer, x, window);
  return window;
}

/** A layer's window as its options state it, which may be larger than the map. */
export function statedWindow(
  trace: Trace,
  layer: string,
  x: Value,
  options: WindowOptions,
): Window {
  checkMap(trace, layer, x);
  const kernel = pair(options.kernel);
  const strides = pair(options.stride ?? 1);
  const dilations = pair(options.dilation ?? 1);
  for (const [name, sizes] of Object.entries({ kernel, stride: strides, dilation: dilations }))
    if (!sizes.every((v) => Number.isInteger(v) && v >= 1))
      throw trace.error(
        'window',
        `${layer}: ${name} ${sizes.join('x')} over ${formatShape(x.shape)}`,
        `${name} must be a whole number of at least 1, or two of them: [vertical, horizontal]`,
      );
  const both = [0, 1].some((i) => (strides[i] ?? 1) > 1 && (dilations[i] ?? 1) > 1);
  if (options.padding === 'same' && both)
    throw trace.error(
      'same-padding',
      `${layer}: padding 'same' with stride ${strides.join('x')} and dilation ${dilations.join('x')} over ${formatShape(x.shape)}`,
      "TensorFlow defines 'same' for a stride or a dilation, not both; use padding: 'symmetric' or numbers",
    );
  const pads = resolvePads(options.padding ?? 0, [x.height, x.width], kernel, strides, dilations);
  if (!pads.every((v) => Number.isInteger(v) && v >= 0))
    throw trace.error(
      'window',
      `${layer}: padding [${pads.join(',')}] over ${formatShape(x.shape)}`,
      "padding must be whole numbers of at least 0, 'same' or 'symmetric'",
    );
  return { kernel, strides, pads, dilations };
}

/** The primitive would refuse it too, but under its own name and not the layer's. */
export function checkFits(trace: Trace, layer: string, x: Value, window: Window): void {
  try {
    windowOutput(x.shape, window.kernel, window);
  } catch (error) {
    if (!(error instanceof TypeFault)) throw error;
    const made = x.origin.site;
    const elsewhere = made !== undefined && made !== currentSite();
    const notes = elsewhere ? [`the map was made at ${formatSite(made)}`] : [];
    throw trace.error(error.code, `${layer}: ${error.message}`, error.hint, notes);
  }
}

/** Refuses anything but a batch of maps. */
export function checkMap(trace: Trace, layer: string, x: Value): void {
  if (x.rank !== 4)
    throw trace.error(
      'rank',
      `${layer}: the input ${formatShape(x.shape)} is not [N,C,H,W]`,
      'apply it before flatten, linear or a global pool',
    );
}

/** A pair as two numbers. */
export function pair(value: Pair): readonly [number, number] {
  return typeof value === 'number' ? [value, value] : value;
}

function resolvePads(
  padding: Padding,
  size: readonly [number, number],
  kernel: readonly [number, number],
  strides: readonly [number, number],
  dilations: readonly [number, number],
): Sides {
  if (padding !== 'same' && padding !== 'symmetric') return sidesOf(padding);
  const sides = (i: 0 | 1): readonly [number, number] => {
    const reach = dilations[i] * (kernel[i] - 1);
    if (padding === 'same') {
      const outputs = Math.ceil(size[i] / strides[i]);
      const total = Math.max((outputs - 1) * strides[i] + reach + 1 - size[i], 0);
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    }
    const side = Math.floor((reach + strides[i] - 1) / 2);
    return [side, side];
  };
  const [[top, bottom], [left, right]] = [sides(0), sides(1)];
  return [top, left, bottom, right];
}
