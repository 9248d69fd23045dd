/** The sizes that the inputs of an ONNX model leave open: the batch, and height and width. */
import { fedInputs, type OnnxModel } from '../../compiler/onnx/model.js';
import { ConfigError } from '../../support/errors.js';
import type { Dim, Shape } from '../../support/shape.js';
import type { GivenShapes } from '../../compiler/onnx/shapes/inferShapes.js';
import { pixelAxes } from '../../compiler/onnx/shapes/pixelAxes.js';

/** Numbers in place of symbols. */
export interface OnnxSizes {
  /** Images at a time. */
  readonly batch?: number | undefined;
  /** Height and width of the images, in pixels. */
  readonly size?: number | undefined;
}

interface OpenSizes {
  /** Symbols of the batch that stand for 1, since no number was given. */
  readonly names: readonly string[];
  /** Sizes that were put in place of symbols without being asked for. */
  readonly assumed: Readonly<Record<string, number>>;
  /** Shapes with numbers in place of symbols; `doubled` is 2. */
  given(doubled?: string): GivenShapes;
}

/** The name under which a batch without one is shown. */
const nameless = 'N';

/** Throws a ConfigError if the file has another batch or size, fixed. */
export function openSizes(
  { graph }: OnnxModel,
  { batch, size }: OnnxSizes,
  file: string,
): OpenSizes {
  const inputs = fedInputs(graph).flatMap(({ name, shape }) => (shape ? [{ name, shape }] : []));
  if (batch !== undefined)
    check(
      inputs.map(({ shape }) => shape[0]),
      batch,
      `a batch of`,
      file,
    );
  const images = inputs.filter(({ shape }) => shape.length === 4);
  if (size !== undefined) {
    const sides = images.flatMap(({ shape }) => pixelAxes(shape).map((axis) => shape[axis]));
    check(sides, size, 'images of side', file);
  }
  const symbols = new Set(inputs.flatMap(({ shape }) => symbolOf(shape[0]) ?? []));
  const names = batch === undefined ? [...symbols] : [];
  return {
    names,
    assumed: Object.fromEntries(names.map((name) => [name, 1])),
    given(doubled) {
      const valueOf = (symbol: string): number => batch ?? (symbol === doubled ? 2 : 1);
      const values = new Map([...symbols].map((symbol) => [symbol, valueOf(symbol)]));
      const put = (shape: Shape): Shape => {
        const axes = size !== undefined && shape.length === 4 ? pixelAxes(shape) : [];
        return shape.map((dim, axis): Dim => {
          if (typeof dim === 'number') return dim;
          if (axes.includes(axis)) return size ?? dim;
          const known =
            axis === 0 || dim.symbol !== '?' ? values.get(symbolOf(dim) ?? '') : undefined;
          return known === undefined ? dim : known * dim.factor;
        });
      };
      for (const { shape } of size === undefined ? [] : images)
        for (const axis of pixelAxes(shape)) {
          const dim = shape[axis];
          if (
            dim !== undefined &&
            typeof dim !== 'number' &&
            dim.symbol !== '?' &&
            size !== undefined
          )
            values.set(dim.symbol, size / dim.factor);
        }
      return {
        inputs: new Map(inputs.map(({ name, shape }) => [name, put(shape)])),
        symbols: values,
      };
    },
  };
}

function symbolOf(dim: Dim | undefined): string | undefined {
  if (dim === undefined || typeof dim === 'number') return undefined;
  return dim.symbol === '?' ? nameless : dim.symbol;
}

function check(
  dims: readonly (Dim | undefined)[],
  wanted: number,
  called: string,
  file: string,
): void {
  const fixed = dims.find((dim) => typeof dim === 'number' && dim !== wanted);
  const open = dims.some((dim) => dim === wanted || (dim !== undefined && typeof dim !== 'number'));
  if (open && fixed === undefined) return;
  const has = typeof fixed === 'number' ? `takes ${called} ${fixed}` : 'leaves no such size open';
  throw new ConfigError(`${file} ${has}, so it cannot be inspected with ${called} ${wanted}`, {
    code: 'onnx-size',
    where: file,
    hint: 'leave that size out, or export the model anew with it',
  });
}
