/** The largest sizes that a config, a flag or a model may declare; errors name them. */
export const limits = {
  /** Also what a set and a store of labels hold. */
  classes: 2 ** 16,
  /** Images at a time. */
  batch: 2 ** 16,
  /** Height and width of an image, and whatever is measured in its pixels. */
  size: 2 ** 14,
  steps: 1e9,
  epochs: 1e6,
  /** Steps that a device does in one run. */
  stepsPerRun: 2 ** 10,
  /** Checkpoints that are kept. */
  checkpoints: 1e4,
  threads: 2 ** 10,
  /** Networks that label side by side. */
  sessions: 2 ** 8,
  /** Predictions of one image under dropout. */
  passes: 1e5,
  /** Random operations on one image. */
  operations: 100,
  /** Files of labels. */
  shards: 1e5,
  /** Images of a set or of a class in it, copies included. */
  images: 1e9,
  copies: 1e6,
  /** Pseudo-labelled images for each labelled one. */
  ratio: 1e4,
  generation: 1e6,
  /** Magnitude of RandAugment. */
  magnitude: 1000,
  /** Pixels of x a pixel of y. */
  shear: 100,
  /** Largest 32-bit float; larger rates would be infinite in the graph. */
  float32: 3.4e38,
} as const;
