/** Element types and layouts that an image input takes; 8-bit images are normalised in the graph. */
export const imageFormats = ['float32-nchw', 'uint8-nhwc'] as const;

/** Element type and layout of an image input. */
export type ImageFormat = (typeof imageFormats)[number];
