import type { CropRegion } from '../augment/image/cropRegion.js';
import type { Cropping, ImageView } from '../../support/imageView.js';
import type { Framing, Size } from '../resample/resample.js';

/** Takes a region of an image, and nothing beside it, at a size. */
export function regionFraming(box: CropRegion, whole: Size): Framing {
  return { box, whole, window: { left: 0, top: 0, ...whole } };
}

/**
 * The region that evaluation takes from an image for a network of a size, as a view says. `margin` is how many
 * pixels are taken beside it, too, each way.
 */
export function evaluationFraming(
  image: Size,
  size: Size,
  { crop, cropPct }: Pick<ImageView, 'crop' | 'cropPct'>,
  margin = 0,
): Framing {
  const box = { left: 0, top: 0, width: image.width, height: image.height };
  const window = { width: size.width + 2 * margin, height: size.height + 2 * margin };
  const whole = wholeOf(image, size, crop, { cropPct, least: window });
  const left = startOf(whole.width, window.width);
  return { box, whole, window: { left, top: startOf(whole.height, window.height), ...window } };
}

/** Size that the whole image is resized to. */
function wholeOf(
  image: Size,
  size: Size,
  crop: Cropping,
  { cropPct, least }: { readonly cropPct: number; readonly least: Size },
): Size {
  switch (crop) {
    case 'squash':
      return size;
    case 'pad':
      return fitting(image, size);
    case 'centre':
      // A share such as 240 / 255 must not lose a pixel to the last bit of a division.
      return covering(image, {
        width: Math.max(least.width, Math.floor(size.width / cropPct + 1e-6)),
        height: Math.max(least.height, Math.floor(size.height / cropPct + 1e-6)),
      });
  }
}

/** The smallest size with the image's proportions that covers another, as torchvision rounds it. */
function covering({ width, height }: Size, to: Size): Size {
  return to.width * height >= to.height * width
    ? { width: to.width, height: Math.max(to.height, Math.trunc((to.width * height) / width)) }
    : { width: Math.max(to.width, Math.trunc((to.height * width) / height)), height: to.height };
}

/** The largest size with the image's proportions that fits into another. */
function fitting({ width, height }: Size, into: Size): Size {
  return into.width * height <= into.height * width
    ? { width: into.width, height: Math.max(1, Math.round((into.width * height) / width)) }
    : { width: Math.max(1, Math.round((into.height * width) / height)), height: into.height };
}

/** Start of the middle: a half is rounded to the even number, as in Python; below 0 downwards. */
function startOf(whole: number, window: number): number {
  const beside = whole - window;
  if (beside < 0) return -Math.floor(-beside / 2);
  const half = Math.floor(beside / 2);
  return beside % 2 === 0 || half % 2 === 0 ? half : half + 1;
}
