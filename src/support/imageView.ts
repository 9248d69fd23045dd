/** The filters that resize images; each equals Pillow's of the same name. */
export const interpolations = ['nearest', 'box', 'bilinear', 'bicubic', 'lanczos'] as const;
/** Filter that resizes images. */
export type Interpolation = (typeof interpolations)[number];

/**
 * The part of an image that a network sees: `centre` resizes the short side to size / cropPct and
 * takes the middle, `squash` resizes the whole image to the network's size whatever its proportions,
 * `pad` shows all of it with its proportions between bars of the model's mean colour.
 */
export const croppings = ['centre', 'squash', 'pad'] as const;
/** Part of an image that a network sees. */
export type Cropping = (typeof croppings)[number];

/**
 * Readings of a file's pixels: `seen` as a viewer shows them (rotated by EXIF, on white if
 * transparent, colours converted to sRGB by their profile), `stored` as Pillow's
 * `Image.open(file).convert('RGB')`, and so torchvision, reads them (none of that).
 */
export const pixelReadings = ['seen', 'stored'] as const;
/** Conversion of files to pixels. */
export type PixelReading = (typeof pixelReadings)[number];

/** Conversion of an image file to the network's input, apart from mean and std. */
export interface ImageView {
  readonly interpolation: Interpolation;
  readonly crop: Cropping;
  /** Crop fraction for `centre`: the network's size divided by the resized short side. */
  readonly cropPct: number;
  readonly pixels: PixelReading;
  /** Colour of the bars for `pad`, 0 to 255. */
  readonly fill: readonly [number, number, number];
}

/** The choices of a view that a model leaves open are undefined. */
export interface ViewChoices {
  readonly interpolation?: Interpolation | undefined;
  readonly crop?: Cropping | undefined;
  readonly cropPct?: number | undefined;
  readonly pixels?: PixelReading | undefined;
}

/** Networks of smaller images see whole images, of which nothing may be lost. */
export const smallBelow = 128;

/**
 * The view of a network with input [C,H,W]: choices that are open become bicubic, whole images below
 * 128 px and the middle above, if the size is a share of size / (size + 32) of the short side
 * (87.5 % at 224 px).
 */
export function viewOf(
  [, height, width]: readonly [number, number, number],
  { interpolation = 'bicubic', crop, cropPct, pixels = 'seen' }: ViewChoices = {},
  mean: readonly number[] = [],
): ImageView {
  const size = Math.min(height, width);
  const level = (c: number): number =>
    Math.min(255, Math.max(0, Math.round(255 * (mean[c] ?? mean[0] ?? 0))));
  return {
    interpolation,
    crop: crop ?? (size < smallBelow ? 'squash' : 'centre'),
    cropPct: cropPct ?? size / (size + 32),
    pixels,
    fill: [level(0), level(1), level(2)],
  };
}
