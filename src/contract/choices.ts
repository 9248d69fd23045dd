/** Closed lists of words that calls, configs, commands and files share, each with the type that it gives. */

/** Projects whose parameter names a shipped model may have. */
export const nameSets = ['timm', 'torchvision'] as const;
/** Project whose parameter names a block has. */
export type NameSet = (typeof nameSets)[number];

/** The weights of a checkpoint that may be taken. */
export const weightsKinds = ['ema', 'raw'] as const;
/** The moving average of the weights, or the weights themselves. */
export type WeightsKind = (typeof weightsKinds)[number];

/** The formats in which metrics are exported. */
export const metricsFormats = ['csv'] as const;

/** The formats in which a network is exported. */
export const exportFormats = ['onnx', 'safetensors'] as const;
/** Format of an exported network. */
export type ExportFormat = (typeof exportFormats)[number];

/** The steps that a benchmark may measure. */
export const benchModes = ['train', 'label'] as const;
/** Work to measure: steps of training, or batches of images to label. */
export type BenchMode = (typeof benchModes)[number];

/** Exactness of decoding an image. */
export const decodings = ['fast', 'exact'] as const;
/** Exactness of decoding (default: exact); `fast` lets JPEG and WebP shrink while decoding. */
export type Decoding = (typeof decodings)[number];

/** The orders in which labelled images are drawn. */
export const samplers = ['shuffled', 'balanced'] as const;

/** The checkpoints that a run may end with. */
export const checkpointChoices = ['best', 'last'] as const;
/** Weights that a run ends with: those of the best evaluation, or the last. */
export type CheckpointChoice = (typeof checkpointChoices)[number];

/** The kinds of noise inside a network. */
export const noiseKinds = ['dropout', 'stochasticDepth'] as const;
/** Kind of noise inside a network. */
export type NoiseKind = (typeof noiseKinds)[number];

/** The kinds of pseudo-labels. */
export const labelKinds = ['soft', 'hard'] as const;
/** The teacher's probabilities, or its likeliest class alone. */
export type LabelKind = (typeof labelKinds)[number];

/** The ways to cut a class of pseudo-labels to a number of images. */
export const classCaps = ['exact', 'grid'] as const;
/**
 * Way to cut a class: to its most confident images, as in the paper, or on a grid of thresholds, as
 * in its code.
 */
export type ClassCap = (typeof classCaps)[number];

/** The losses of labelled and pseudo-labelled images together. */
export const mixedLosses = ['mean', 'sumOfMeans'] as const;
/** The mean over all images, as in the paper, or the published code's sum of both means. */
export type MixedLoss = (typeof mixedLosses)[number];
