import type { RgbImage } from '../image/image.js';

/** Shrinks the image to `scale` of its sides and enlarges it again, both with PIL's box filter. */
export function pixelate(image: RgbImage, scale: number): RgbImage {
  const { width, height } = image;
  const across = Math.max(1, Math.floor(width * scale));
  const down = Math.max(1, Math.floor(height * scale));
  return resizeBox(resizeBox(image, across, down), width, height);
}

/** PIL's resize with its box filter: each side by itself, rounded to bytes between. */
export function resizeBox(image: RgbImage, width: number, height: number): RgbImage {
  return resizeLines(resizeLines(image, width, 'rows'), height, 'columns');
}

/** Weights of PIL are whole numbers of this many bits behind the point. */
const precision = 22;

function resizeLines(image: RgbImage, size: number, along: 'rows' | 'columns'): RgbImage {
  const rows = along === 'rows';
  const from = rows ? image.width : image.height;
  if (from === size) return image;
  const [width, height] = rows ? [size, image.height] : [image.width, size];
  const data = new Uint8Array(3 * width * height);
  const step = rows ? 3 : 3 * image.width;
  for (let place = 0; place < size; place++) {
    const { first, weights } = boxAt(place, from, size);
    const lines = rows ? height : width;
    for (let line = 0; line < lines; line++) {
      const start = rows ? 3 * (line * image.width + first) : 3 * (first * image.width + line);
      const to = rows ? 3 * (line * width + place) : 3 * (place * width + line);
      for (let c = 0; c < 3; c++) {
        let sum = 2 ** (precision - 1);
        for (let k = 0; k < weights.length; k++)
          sum += (weights[k] ?? 0) * (image.data[start + step * k + c] ?? 0);
        data[to + c] = Math.min(255, Math.floor(sum / 2 ** precision));
      }
    }
  }
  return { width, height, data };
}

/**
 * Pixels of a line of `from` that fall into the box of pixel `place` of `size`, and their weights.
 */
function boxAt(place: number, from: number, size: number): { first: number; weights: number[] } {
  const scale = from / size;
  const wide = Math.max(1, scale);
  const centre = (place + 0.5) * scale;
  const first = Math.max(0, Math.trunc(centre - 0.5 * wide + 0.5));
  const end = Math.min(from, Math.trunc(centre + 0.5 * wide + 0.5));
  const inside: number[] = Array.from({ length: end - first }, (_, i) => {
    const distance = (i + first - centre + 0.5) / wide;
    return distance > -0.5 && distance <= 0.5 ? 1 : 0;
  });
  const count = inside.reduce((a, b) => a + b, 0);
  const weights = inside.map((one) => Math.trunc(0.5 + (one / count) * 2 ** precision));
  return { first, weights };
}
