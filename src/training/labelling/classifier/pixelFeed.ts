import type { ImageLayout } from '../../../data/loader/imageSource.js';
import type { ImageInput } from './imageInput.js';
import type { PixelReading } from './reading.js';

/** Conversion of a source's images to the input of an .onnx file. */
interface PixelFeed {
  /** As what images are asked of the source. */
  readonly format: ImageLayout['format'];
  /** Writes images, one after another, as the file takes them. */
  fill(pixels: Float32Array | Uint8Array, out: Float32Array | Uint8Array): void;
}

/** Bytes are asked for if the network takes pixels of 0 to 255, so that each is exact. */
export function pixelFeed(
  found: { readonly image: ImageInput; readonly pixels: PixelReading } | undefined,
): PixelFeed | undefined {
  if (!found) return undefined;
  const { image, pixels } = found;
  const format = pixels.range === '0..255' ? 'uint8-nhwc' : 'float32-nchw';
  const [channels, height, width] = image.image;
  const plane = height * width;
  const own = format === 'uint8-nhwc' ? 'nhwc' : 'nchw';
  const { mean, std } = pixels;
  const turned = pixels.channels === 'bgr';
  const same = (own === image.layout || channels === 1) && !turned;
  // Steps from a pixel to the next, and from a channel to the next.
  const from = own === 'nhwc' ? [channels, 1] : [1, plane];
  const to = image.layout === 'nhwc' ? [channels, 1] : [1, plane];
  return {
    format,
    fill(given, out) {
      if (same && !mean) {
        out.set(given);
        return;
      }
      for (let start = 0; start < given.length; start += channels * plane)
        for (let c = 0; c < channels; c++) {
          const [m, s] = [mean?.[c] ?? 0, std?.[c] ?? 1];
          const colour = turned ? channels - 1 - c : c;
          const [read, write] = [start + colour * (from[1] ?? 0), start + c * (to[1] ?? 0)];
          const [readStep, writeStep] = [from[0] ?? 0, to[0] ?? 0];
          for (let p = 0; p < plane; p++)
            out[write + p * writeStep] = ((given[read + p * readStep] ?? 0) - m) / s;
        }
    },
  };
}
