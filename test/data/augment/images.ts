import type { RgbImage } from '../../../src/data/augment/image/image.js';
import { fnv1a32 } from '../../../src/support/hash.js';
import { fillBits } from '../../../src/support/random.js';

/** The images of test/goldens/augment/make.py, which describes them. */
export function drawImage(name: string, width: number, height: number): RgbImage {
  const words = new Uint32Array(3 * width * height);
  fillBits(words, 1, { site: fnv1a32(`goldens.augment.${name}`), step: 0, sample: 0 });
  const data = Uint8Array.from(words, (word, i) => {
    const x = Math.floor(i / 3) % width;
    const y = Math.floor(i / 3 / width);
    if (name === 'noise') return 40 + (word % 180);
    if (name === 'ramp') return (3 * x + 2 * y + (word % 90)) % 256;
    return [77, 60 + 9 * (word % 2), 5 * (word % 7)][i % 3] ?? 0;
  });
  return { width, height, data };
}

/** An image of the same size to write to, full of a level that no result should keep. */
export function emptyLike({ width, height, data }: RgbImage): RgbImage {
  return { width, height, data: new Uint8Array(data.length).fill(201) };
}

/** Where two images differ, a line a pixel, at most five; '' where they are equal. */
export function differences(actual: RgbImage, expected: Uint8Array): string {
  const lines: string[] = [];
  for (let i = 0; i < expected.length && lines.length < 5; i++)
    if (actual.data[i] !== expected[i]) {
      const pixel = Math.floor(i / 3);
      const where = `x ${pixel % actual.width}, y ${Math.floor(pixel / actual.width)}, channel ${i % 3}`;
      lines.push(`${where}: ${actual.data[i]} instead of ${expected[i]}`);
    }
  if (actual.data.length !== expected.length) lines.push(`${expected.length} bytes expected`);
  return lines.join('\n');
}
