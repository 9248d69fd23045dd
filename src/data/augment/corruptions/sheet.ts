import { contactSheet } from '../sheets/contactSheet.js';
import type { RgbImage } from '../image/image.js';
import { enlargement } from '../sheets/preview.js';
import { corrupt, corruptionNames } from './corrupt.js';
import { severities } from './severities.js';

/** A contact sheet of an image under all corruptions, a row each, and severities, a column each. */
export async function corruptionSheet(
  image: RgbImage,
  { seed, title }: { readonly seed: number; readonly title: string },
): Promise<RgbImage> {
  const rows = [];
  for (const name of corruptionNames) {
    const images = [];
    for (const severity of severities)
      images.push(await corrupt(image, { name, severity, seed, sample: 0 }));
    rows.push({ label: spaced(name), images });
  }
  const columns = severities.map((severity) => `severity ${severity}`);
  return contactSheet({ title, columns, rows, enlarge: enlargement(image) });
}

/** `gaussianNoise` as `gaussian noise`. */
function spaced(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
