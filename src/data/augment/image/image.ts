/** An 8-bit RGB image, as the decoder gives it and the operations of input noise take it. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** [height,width,3] */
  readonly data: Uint8Array;
}
