import type { RgbImage } from '../image/image.js';

/** The image after it was saved as a JPEG of that quality, with halved colour as is usual. */
export async function compressJpeg(image: RgbImage, quality: number): Promise<RgbImage> {
  // Loaded here, since who asks for the names of the corruptions would wait for its library.
  const { default: sharp } = await import('sharp');
  const { width, height } = image;
  const bytes = await sharp(image.data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality, chromaSubsampling: '4:2:0' })
    .toBuffer();
  return { width, height, data: await sharp(bytes).toColourspace('srgb').raw().toBuffer() };
}
