// Made by `npm run generate` from schemas/; never edited.
/** Keys as a user writes them; `Optimizer` is what an optimizer's function returns. */
export interface WrittenTraining<Model, Optimizer> {
  /** Schema, for editors. */
  readonly $schema?: string | undefined;
  /** Name of the folder runs/<name>: letters, digits, dots, dashes and underscores. */
  readonly name: string;
  /** Seed of initial values, order and noise. (a whole number, at least 0 and at most 4294967295; default: 1) */
  readonly seed?: number | undefined;
  /** Held-out images that select the best checkpoint; never the test set. */
  readonly validation?: {
    /** Fraction of the labelled images to hold out. (more than 0 and at most 0.5; default: 0.1) */
    readonly share?: number | undefined;
    /** Epochs between two evaluations. (more than 0 and at most 1000000; default: 1) */
    readonly every?: number | undefined;
    /** Figure that the best checkpoint and early stopping go by (default: accuracy). */
    readonly metric?: 'accuracy' | 'balancedAccuracy' | 'macroF1' | undefined;
  } | undefined;
  /** Threads per operator (default: onnxruntime's choice). (a whole number, at least 1 and at most 1024) */
  readonly threads?: number | undefined;
  /** Device that the network runs on. (default: "auto") */
  readonly device?: 'auto' | 'cpu' | 'webgpu' | 'cuda' | undefined;
  /** A model file, or the name of a shipped model. */
  readonly model: Model;
  /** Checkpoint or run with the initial weights (default: from scratch). */
  readonly init?: string | undefined;
  /** Layers or parameters that are not trained, with everything below them (default: none). */
  readonly freeze?: readonly string[] | undefined;
  /** Height and width of the images, in pixels (default: the model's own). (a whole number, at least 1 and at most 16384) */
  readonly size?: number | undefined;
  /** Epochs, passes over the training images; set this or steps. (more than 0 and at most 1000000) */
  readonly epochs?: number | undefined;
  /** Optimizer steps; set this or epochs. (a whole number, at least 1 and at most 1000000000) */
  readonly steps?: number | undefined;
  /** Labelled images per step. (a whole number, at least 1 and at most 65536; default: 64) */
  readonly batch?: number | undefined;
  /** The optimizer; the schedule starts from its learningRate. */
  readonly optimizer: {
    /** Adam-like steps whose state is a row and a column in place of each matrix. */
    readonly kind: 'adafactor';
    /** Learning rate, from which the schedule starts. (more than 0; default: 0.01) */
    readonly learningRate?: number | undefined;
    /** Exponent of the step by which the mean of squared gradients forgets less and less. (at least -1 and less than 0; default: -0.8) */
    readonly beta2Decay?: number | undefined;
    /** Smallest root of the mean of squared gradients. (more than 0; default: 1.1920928955078125e-7) */
    readonly epsilon1?: number | undefined;
    /** Smallest root mean square of a parameter that its steps are scaled by. (more than 0; default: 0.001) */
    readonly epsilon2?: number | undefined;
    /** Largest root mean square of a step before it is scaled. (more than 0; default: 1) */
    readonly clipThreshold?: number | undefined;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
    readonly weightDecay?: number | undefined;
  } | {
    /** Adam with decoupled weight decay. */
    readonly kind: 'adamw';
    /** Learning rate, from which the schedule starts. (more than 0; default: 0.001) */
    readonly learningRate?: number | undefined;
    /** Decay of the running mean of gradients. (at least 0 and less than 1; default: 0.9) */
    readonly beta1?: number | undefined;
    /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
    readonly beta2?: number | undefined;
    /** Added to the square root of that mean. (more than 0; default: 1e-8) */
    readonly epsilon?: number | undefined;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0.01) */
    readonly weightDecay?: number | undefined;
    /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: true) */
    readonly decoupledDecay?: boolean | undefined;
  } | {
    /** Adam whose steps are scaled to the norm of each parameter, for large batches. */
    readonly kind: 'lamb';
    /** Learning rate, from which the schedule starts. (more than 0; default: 0.001) */
    readonly learningRate?: number | undefined;
    /** Decay of the running mean of gradients. (at least 0 and less than 1; default: 0.9) */
    readonly beta1?: number | undefined;
    /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
    readonly beta2?: number | undefined;
    /** Added to the square root of that mean. (more than 0; default: 0.000001) */
    readonly epsilon?: number | undefined;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0.01) */
    readonly weightDecay?: number | undefined;
    /** Scale the steps of parameters without weight decay, too. (default: false) */
    readonly alwaysAdapt?: boolean | undefined;
    /** Scale no step up: the ratio of the norms is at most 1. (default: false) */
    readonly trustClip?: boolean | undefined;
  } | {
    /** Lion: steps by the sign of an average of gradients. */
    readonly kind: 'lion';
    /** Learning rate, from which the schedule starts. (more than 0; default: 0.0001) */
    readonly learningRate?: number | undefined;
    /** Decay of the average whose sign is the step. (at least 0 and less than 1; default: 0.9) */
    readonly beta1?: number | undefined;
    /** Decay of the average that is kept. (at least 0 and less than 1; default: 0.99) */
    readonly beta2?: number | undefined;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
    readonly weightDecay?: number | undefined;
    /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: true) */
    readonly decoupledDecay?: boolean | undefined;
  } | {
    /** Adam with Nesterov momentum. */
    readonly kind: 'nadam';
    /** Learning rate, from which the schedule starts. (more than 0; default: 0.002) */
    readonly learningRate?: number | undefined;
    /** Decay of the running mean of gradients. (at least 0 and less than 1; default: 0.9) */
    readonly beta1?: number | undefined;
    /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
    readonly beta2?: number | undefined;
    /** Added to the square root of that mean. (more than 0; default: 1e-8) */
    readonly epsilon?: number | undefined;
    /** Speed at which the momentum rises to beta1. (more than 0; default: 0.004) */
    readonly momentumDecay?: number | undefined;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
    readonly weightDecay?: number | undefined;
    /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: false) */
    readonly decoupledDecay?: boolean | undefined;
  } | {
    /** RMSProp in TensorFlow's form. */
    readonly kind: 'rmspropTf';
    /** Learning rate, from which the schedule starts. (more than 0; default: 0.01) */
    readonly learningRate?: number | undefined;
    /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.9) */
    readonly decay?: number | undefined;
    /** Momentum: the weight of past steps in each step. (at least 0 and less than 1; default: 0.9) */
    readonly momentum?: number | undefined;
    /** Added to that mean inside the square root, as in TensorFlow. (more than 0; default: 0.001) */
    readonly epsilon?: number | undefined;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
    readonly weightDecay?: number | undefined;
    /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: false) */
    readonly decoupledDecay?: boolean | undefined;
  } | {
    /** Stochastic gradient descent with momentum. */
    readonly kind: 'sgd';
    /** Learning rate, from which the schedule starts. (more than 0; default: 0.1) */
    readonly learningRate?: number | undefined;
    /** Momentum: the weight of past steps in each step. (at least 0 and less than 1; default: 0.9) */
    readonly momentum?: number | undefined;
    /** Use Nesterov momentum. (default: false) */
    readonly nesterov?: boolean | undefined;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
    readonly weightDecay?: number | undefined;
    /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: false) */
    readonly decoupledDecay?: boolean | undefined;
  } | Optimizer;
  /** Course of the learning rate. (default: {"kind":"constant","warmup":0}) */
  readonly schedule?: {
    /** A constant learning rate, after the warm-up. */
    readonly kind: 'constant';
    /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
    readonly warmup?: number | undefined;
  } | {
    /** A learning rate that falls along half a cosine. */
    readonly kind: 'cosine';
    /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
    readonly warmup?: number | undefined;
    /** Final learning rate, as a fraction of the first. (at least 0 and at most 1; default: 0) */
    readonly final?: number | undefined;
  } | {
    /** A learning rate that falls by a factor at regular intervals. */
    readonly kind: 'exponential';
    /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
    readonly warmup?: number | undefined;
    /** Factor of each fall. (more than 0 and at most 1; default: 0.97) */
    readonly decay?: number | undefined;
    /** Epochs between two falls. (more than 0 and at most 1000000; default: 2.4) */
    readonly every?: number | undefined;
    /** Falls in steps rather than smoothly. (default: true) */
    readonly staircase?: boolean | undefined;
  } | {
    /** A learning rate that falls to 0 as a power of what is left of the run. */
    readonly kind: 'polynomial';
    /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
    readonly warmup?: number | undefined;
    /** Exponent; 1 is a straight line. (more than 0; default: 1) */
    readonly power?: number | undefined;
  } | {
    /** A learning rate that rises to the optimizer's and falls far below it. */
    readonly kind: 'oneCycle';
    /** Fraction of the run in which it rises. (more than 0 and less than 1; default: 0.3) */
    readonly pctStart?: number | undefined;
    /** First learning rate: the highest divided by this. (more than 0; default: 25) */
    readonly divFactor?: number | undefined;
    /** Last learning rate: the first divided by this. (more than 0; default: 10000) */
    readonly finalDivFactor?: number | undefined;
    /** Curve of the rise and the fall. (default: "cosine") */
    readonly anneal?: 'cosine' | 'linear' | undefined;
  } | {
    /** A learning rate that falls along half a cosine again and again. */
    readonly kind: 'cosineRestarts';
    /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
    readonly warmup?: number | undefined;
    /** Epochs of the first fall. (more than 0 and at most 1000000; default: 10) */
    readonly period?: number | undefined;
    /** Length of each fall, as a multiple of the one before. (at least 1 and at most 1000000; default: 1) */
    readonly factor?: number | undefined;
    /** Learning rate before a restart, as a fraction of the first. (at least 0 and at most 1; default: 0) */
    readonly final?: number | undefined;
  } | undefined;
  /** Decay of a moving average of the weights (default: no average). (at least 0 and less than 1) */
  readonly ema?: number | undefined;
  /** Fraction of each label that is spread evenly over all classes. (at least 0 and less than 1; default: 0) */
  readonly labelSmoothing?: number | undefined;
  /** Loss of each image, by its name or with options (default: crossEntropy). */
  readonly criterion?: 'binaryCrossEntropy' | 'crossEntropy' | 'focal' | {
    /** Binary cross-entropy of each class by itself. */
    readonly kind: 'binaryCrossEntropy';
    /** Take the sum over the classes in place of their mean. (default: false) */
    readonly sumClasses?: boolean | undefined;
    /** Targets above this count as 1 and others as 0; 0 leaves targets as they are. (at least 0 and less than 1; default: 0) */
    readonly targetThreshold?: number | undefined;
  } | {
    /** Softmax cross-entropy. */
    readonly kind: 'crossEntropy';
  } | {
    /** Cross-entropy in which images that are right already count less. */
    readonly kind: 'focal';
    /** Exponent of 1 - p; 0 is cross-entropy. (at least 0 and at most 100; default: 2) */
    readonly gamma?: number | undefined;
    /** Factor of the loss of every class. (more than 0 and at most 100; default: 1) */
    readonly alpha?: number | undefined;
  } | undefined;
  /** Weight of each labelled image in the loss, by its class (default: all weigh 1). */
  readonly classWeights?: 'balanced' | 'effectiveNumber' | {
    /** By effective numbers of images. */
    readonly kind: 'effectiveNumber';
    /** Share of a new image that is new; near 1 is near balanced. (more than 0 and less than 1; default: 0.999) */
    readonly beta?: number | undefined;
  } | Readonly<Record<string, number>> | undefined;
  /** Order of the labelled images: shuffled epochs, or each class equally often (default: shuffled). */
  readonly sampler?: 'shuffled' | 'balanced' | undefined;
  /** Largest global norm of the gradients (default: no clipping). (more than 0) */
  readonly clipNorm?: number | undefined;
  /** Recompute blocks in the backward pass: less memory, more time. (default: false) */
  readonly checkpointing?: boolean | undefined;
  /** Number format of training; 16 bits on a GPU only, weights stay in float32. (default: "float32") */
  readonly precision?: 'float32' | 'float16' | 'bfloat16' | undefined;
  /** Steps that a device does in one run (default: 16 on CUDA and 1 elsewhere). (a whole number, at least 1 and at most 1024) */
  readonly stepsPerRun?: number | undefined;
  /** Noise that makes training harder than inference. */
  readonly noise?: {
    /** Dropout rate before the classifier (default: the model's own). (at least 0 and less than 1) */
    readonly dropout?: number | undefined;
    /** Stochastic depth rate of the last block (default: the model's own). (at least 0 and less than 1) */
    readonly dropPath?: number | undefined;
    /** Random affine maps of the images, before all other noise (default: none). */
    readonly augment?: {
      /** Largest shift each way, in pixels. (at least 0 and at most 16384; default: 0) */
      readonly shift?: number | undefined;
      /** Largest rotation, in degrees. (at least 0 and at most 180; default: 0) */
      readonly rotate?: number | undefined;
      /** Largest change in size each way, as a fraction. (at least 0 and less than 1; default: 0) */
      readonly scale?: number | undefined;
      /** Largest shear each way: pixels of x per pixel of y. (at least 0 and at most 100; default: 0) */
      readonly shear?: number | undefined;
    } | undefined;
    /** RandAugment: random operations on the images (default: none). */
    readonly randAugment?: {
      /** Operations applied to each image. (a whole number, at least 0 and at most 100; default: 2) */
      readonly n?: number | undefined;
      /** Magnitude of the operations; may exceed 10. (at least 0 and at most 1000; default: 10) */
      readonly m?: number | undefined;
    } | undefined;
    /** Side of a grey square, in pixels (default: none). (a whole number, at least 1 and at most 16384) */
    readonly cutout?: number | undefined;
    /** Largest shift each way, in pixels, with mirrored borders (default: none). (a whole number, at least 1 and at most 16384) */
    readonly pad?: number | undefined;
    /** Mirror each image with probability one half (default: false). */
    readonly flip?: boolean | undefined;
    /** Erase a rectangle at a random place, after all other noise (default: none). */
    readonly randomErasing?: {
      /** Probability that an image has a rectangle erased. (at least 0 and at most 1; default: 0.5) */
      readonly p?: number | undefined;
      /** Smallest and largest fraction of the area. (default: [0.02,0.33]) */
      readonly scale?: readonly [number, number] | undefined;
      /** Smallest and largest ratio of height to width. (default: [0.3,3.3]) */
      readonly ratio?: readonly [number, number] | undefined;
      /** Grey level of the rectangle, from black to white. (a whole number, at least 0 and at most 255; default: 0) */
      readonly value?: number | undefined;
    } | undefined;
    /** Mixup and CutMix: images of a batch are mixed with their labels (default: none). */
    readonly mix?: {
      /** Alpha of Mixup; 0 for none. (at least 0 and at most 1000; default: 0) */
      readonly mixup?: number | undefined;
      /** Alpha of CutMix; 0 for none. (at least 0 and at most 1000; default: 0) */
      readonly cutmix?: number | undefined;
      /** Share of the batches, or of the images in mode elem, that are mixed. (at least 0 and at most 1; default: 1) */
      readonly prob?: number | undefined;
      /** Share of CutMix where there are both. (at least 0 and at most 1; default: 0.5) */
      readonly switchProb?: number | undefined;
      /** One draw for all images of a batch, or one for each. (default: "batch") */
      readonly mode?: 'batch' | 'elem' | undefined;
      /** Epoch, counted from 0, from which nothing is mixed any more; 0 for never. (a whole number, at least 0 and at most 1000000; default: 0) */
      readonly offEpoch?: number | undefined;
    } | undefined;
    /** Part of the image to train on (default: whole for packed images and networks below 128 px, or as the model says; otherwise random). */
    readonly crop?: 'random' | 'middle' | 'whole' | 'pad' | {
      /** A random part of the image. */
      readonly kind: 'random';
      /** Smallest and largest fraction of the area. (default: [0.08,1]) */
      readonly area?: readonly [number, number] | undefined;
      /** Smallest and largest ratio of width to height. (default: [0.75,1.3333333333333333]) */
      readonly aspect?: readonly [number, number] | undefined;
    } | undefined;
  } | undefined;
  /** Early stopping (default: none). */
  readonly earlyStopping?: {
    /** Consecutive evaluations without improvement after which training stops. (a whole number, at least 1 and at most 1000000000) */
    readonly patience: number;
  } | undefined;
  /** Weights to end with: the best by validation, or the last. (default: "best") */
  readonly choose?: 'best' | 'last' | undefined;
  /** Checkpoints to save. */
  readonly checkpoints?: {
    /** Number of newest checkpoints to keep beside the best. (a whole number, at least 1 and at most 10000; default: 3) */
    readonly keepLast?: number | undefined;
    /** Epochs between two checkpoints. (more than 0 and at most 1000000; default: 1) */
    readonly every?: number | undefined;
  } | undefined;
  /** A second phase at a larger size, in which only deep layers are trained (default: none). */
  readonly fixResolution?: {
    /** Height and width of the images, in pixels; larger than in the first phase. (a whole number, at least 1 and at most 16384) */
    readonly size: number;
    /** Epochs, passes over the labelled images, without augmentation. (more than 0 and at most 1000000; default: 1.5) */
    readonly epochs?: number | undefined;
    /** Learning rate (default: a hundredth of the optimizer's). (more than 0) */
    readonly learningRate?: number | undefined;
    /** Layers or parameters that are not trained, as in `freeze` (default: the first half of the blocks). */
    readonly freeze?: readonly string[] | undefined;
  } | undefined;
  /** The data set. */
  readonly data: {
    /** Sets of images. */
    readonly kind?: 'images' | undefined;
    /** Images with classes: a folder, a list or a split of `gradus data`; see above. */
    readonly labelled: string;
    /** Images without classes; `gradus train` ignores them. */
    readonly unlabelled?: string | undefined;
    /** Images with classes, read once, at the end (default: no test). */
    readonly test?: string | undefined;
    /** Maximum number of unreadable images; more stop the run. (a whole number, at least 0 and at most 1000000000; default: 100) */
    readonly unreadable?: number | undefined;
    /** Decoding of files for training: fast lets large JPEG and WebP files shrink while decoding, exact decodes every pixel, as evaluation always does. (default: "fast") */
    readonly decode?: 'fast' | 'exact' | undefined;
  } | {
    /** Handwritten digits. */
    readonly kind: 'mnist';
    /** Folder that `gradus data mnist DIR` wrote (default: the installed package mnist). */
    readonly folder?: string | undefined;
    /** Digits to train on (default: all but the test set). (a whole number, at least 1 and at most 1000000000) */
    readonly labelled?: number | undefined;
    /** Digits held out for the test. (a whole number, at least 1 and at most 1000000000; default: 2000) */
    readonly test?: number | undefined;
  };
  /** Number of classes (default: the data set's). (a whole number, at least 2 and at most 65536) */
  readonly classes?: number | undefined;
}

/** A config with its defaults filled in. */
export interface TrainingConfig {
  /** Schema, for editors. */
  readonly $schema?: string | undefined;
  /** Name of the folder runs/<name>: letters, digits, dots, dashes and underscores. */
  readonly name: string;
  /** Seed of initial values, order and noise. (a whole number, at least 0 and at most 4294967295; default: 1) */
  readonly seed: number;
  /** Held-out images that select the best checkpoint; never the test set. */
  readonly validation: {
    /** Fraction of the labelled images to hold out. (more than 0 and at most 0.5; default: 0.1) */
    readonly share: number;
    /** Epochs between two evaluations. (more than 0 and at most 1000000; default: 1) */
    readonly every: number;
    /** Figure that the best checkpoint and early stopping go by (default: accuracy). */
    readonly metric?: 'accuracy' | 'balancedAccuracy' | 'macroF1' | undefined;
  };
  /** Threads per operator (default: onnxruntime's choice). (a whole number, at least 1 and at most 1024) */
  readonly threads?: number | undefined;
  /** Device that the network runs on. (default: "auto") */
  readonly device: 'auto' | 'cpu' | 'webgpu' | 'cuda';
  /** A model file, or the name of a shipped model. */
  readonly model: string;
  /** Checkpoint or run with the initial weights (default: from scratch). */
  readonly init?: string | undefined;
  /** Layers or parameters that are not trained, with everything below them (default: none). */
  readonly freeze?: readonly string[] | undefined;
  /** Height and width of the images, in pixels (default: the model's own). (a whole number, at least 1 and at most 16384) */
  readonly size?: number | undefined;
  /** Epochs, passes over the training images; set this or steps. (more than 0 and at most 1000000) */
  readonly epochs?: number | undefined;
  /** Optimizer steps; set this or epochs. (a whole number, at least 1 and at most 1000000000) */
  readonly steps?: number | undefined;
  /** Labelled images per step. (a whole number, at least 1 and at most 65536; default: 64) */
  readonly batch: number;
  /** The optimizer; the schedule starts from its learningRate. */
  readonly optimizer: {
    /** Adam-like steps whose state is a row and a column in place of each matrix. */
    readonly kind: 'adafactor';
    /** Learning rate, from which the schedule starts. (more than 0; default: 0.01) */
    readonly learningRate: number;
    /** Exponent of the step by which the mean of squared gradients forgets less and less. (at least -1 and less than 0; default: -0.8) */
    readonly beta2Decay: number;
    /** Smallest root of the mean of squared gradients. (more than 0; default: 1.1920928955078125e-7) */
    readonly epsilon1: number;
    /** Smallest root mean square of a parameter that its steps are scaled by. (more than 0; default: 0.001) */
    readonly epsilon2: number;
    /** Largest root mean square of a step before it is scaled. (more than 0; default: 1) */
    readonly clipThreshold: number;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
    readonly weightDecay: number;
  } | {
    /** Adam with decoupled weight decay. */
    readonly kind: 'adamw';
    /** Learning rate, from which the schedule starts. (more than 0; default: 0.001) */
    readonly learningRate: number;
    /** Decay of the running mean of gradients. (at least 0 and less than 1; default: 0.9) */
    readonly beta1: number;
    /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
    readonly beta2: number;
    /** Added to the square root of that mean. (more than 0; default: 1e-8) */
    readonly epsilon: number;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0.01) */
    readonly weightDecay: number;
    /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: true) */
    readonly decoupledDecay: boolean;
  } | {
    /** Adam whose steps are scaled to the norm of each parameter, for large batches. */
    readonly kind: 'lamb';
    /** Learning rate, from which the schedule starts. (more than 0; default: 0.001) */
    readonly learningRate: number;
    /** Decay of the running mean of gradients. (at least 0 and less than 1; default: 0.9) */
    readonly beta1: number;
    /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
    readonly beta2: number;
    /** Added to the square root of that mean. (more than 0; default: 0.000001) */
    readonly epsilon: number;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0.01) */
    readonly weightDecay: number;
    /** Scale the steps of parameters without weight decay, too. (default: false) */
    readonly alwaysAdapt: boolean;
    /** Scale no step up: the ratio of the norms is at most 1. (default: false) */
    readonly trustClip: boolean;
  } | {
    /** Lion: steps by the sign of an average of gradients. */
    readonly kind: 'lion';
    /** Learning rate, from which the schedule starts. (more than 0; default: 0.0001) */
    readonly learningRate: number;
    /** Decay of the average whose sign is the step. (at least 0 and less than 1; default: 0.9) */
    readonly beta1: number;
    /** Decay of the average that is kept. (at least 0 and less than 1; default: 0.99) */
    readonly beta2: number;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
    readonly weightDecay: number;
    /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: true) */
    readonly decoupledDecay: boolean;
  } | {
    /** Adam with Nesterov momentum. */
    readonly kind: 'nadam';
    /** Learning rate, from which the schedule starts. (more than 0; default: 0.002) */
    readonly learningRate: number;
    /** Decay of the running mean of gradients. (at least 0 and less than 1; default: 0.9) */
    readonly beta1: number;
    /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
    readonly beta2: number;
    /** Added to the square root of that mean. (more than 0; default: 1e-8) */
    readonly epsilon: number;
    /** Speed at which the momentum rises to beta1. (more than 0; default: 0.004) */
    readonly momentumDecay: number;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
    readonly weightDecay: number;
    /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: false) */
    readonly decoupledDecay: boolean;
  } | {
    /** RMSProp in TensorFlow's form. */
    readonly kind: 'rmspropTf';
    /** Learning rate, from which the schedule starts. (more than 0; default: 0.01) */
    readonly learningRate: number;
    /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.9) */
    readonly decay: number;
    /** Momentum: the weight of past steps in each step. (at least 0 and less than 1; default: 0.9) */
    readonly momentum: number;
    /** Added to that mean inside the square root, as in TensorFlow. (more than 0; default: 0.001) */
    readonly epsilon: number;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
    readonly weightDecay: number;
    /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: false) */
    readonly decoupledDecay: boolean;
  } | {
    /** Stochastic gradient descent with momentum. */
    readonly kind: 'sgd';
    /** Learning rate, from which the schedule starts. (more than 0; default: 0.1) */
    readonly learningRate: number;
    /** Momentum: the weight of past steps in each step. (at least 0 and less than 1; default: 0.9) */
    readonly momentum: number;
    /** Use Nesterov momentum. (default: false) */
    readonly nesterov: boolean;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
    readonly weightDecay: number;
    /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: false) */
    readonly decoupledDecay: boolean;
  };
  /** Course of the learning rate. (default: {"kind":"constant","warmup":0}) */
  readonly schedule: {
    /** A constant learning rate, after the warm-up. */
    readonly kind: 'constant';
    /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
    readonly warmup: number;
  } | {
    /** A learning rate that falls along half a cosine. */
    readonly kind: 'cosine';
    /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
    readonly warmup: number;
    /** Final learning rate, as a fraction of the first. (at least 0 and at most 1; default: 0) */
    readonly final: number;
  } | {
    /** A learning rate that falls by a factor at regular intervals. */
    readonly kind: 'exponential';
    /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
    readonly warmup: number;
    /** Factor of each fall. (more than 0 and at most 1; default: 0.97) */
    readonly decay: number;
    /** Epochs between two falls. (more than 0 and at most 1000000; default: 2.4) */
    readonly every: number;
    /** Falls in steps rather than smoothly. (default: true) */
    readonly staircase: boolean;
  } | {
    /** A learning rate that falls to 0 as a power of what is left of the run. */
    readonly kind: 'polynomial';
    /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
    readonly warmup: number;
    /** Exponent; 1 is a straight line. (more than 0; default: 1) */
    readonly power: number;
  } | {
    /** A learning rate that rises to the optimizer's and falls far below it. */
    readonly kind: 'oneCycle';
    /** Fraction of the run in which it rises. (more than 0 and less than 1; default: 0.3) */
    readonly pctStart: number;
    /** First learning rate: the highest divided by this. (more than 0; default: 25) */
    readonly divFactor: number;
    /** Last learning rate: the first divided by this. (more than 0; default: 10000) */
    readonly finalDivFactor: number;
    /** Curve of the rise and the fall. (default: "cosine") */
    readonly anneal: 'cosine' | 'linear';
  } | {
    /** A learning rate that falls along half a cosine again and again. */
    readonly kind: 'cosineRestarts';
    /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
    readonly warmup: number;
    /** Epochs of the first fall. (more than 0 and at most 1000000; default: 10) */
    readonly period: number;
    /** Length of each fall, as a multiple of the one before. (at least 1 and at most 1000000; default: 1) */
    readonly factor: number;
    /** Learning rate before a restart, as a fraction of the first. (at least 0 and at most 1; default: 0) */
    readonly final: number;
  };
  /** Decay of a moving average of the weights (default: no average). (at least 0 and less than 1) */
  readonly ema?: number | undefined;
  /** Fraction of each label that is spread evenly over all classes. (at least 0 and less than 1; default: 0) */
  readonly labelSmoothing: number;
  /** Loss of each image, by its name or with options (default: crossEntropy). */
  readonly criterion?: 'binaryCrossEntropy' | 'crossEntropy' | 'focal' | {
    /** Binary cross-entropy of each class by itself. */
    readonly kind: 'binaryCrossEntropy';
    /** Take the sum over the classes in place of their mean. (default: false) */
    readonly sumClasses: boolean;
    /** Targets above this count as 1 and others as 0; 0 leaves targets as they are. (at least 0 and less than 1; default: 0) */
    readonly targetThreshold: number;
  } | {
    /** Softmax cross-entropy. */
    readonly kind: 'crossEntropy';
  } | {
    /** Cross-entropy in which images that are right already count less. */
    readonly kind: 'focal';
    /** Exponent of 1 - p; 0 is cross-entropy. (at least 0 and at most 100; default: 2) */
    readonly gamma: number;
    /** Factor of the loss of every class. (more than 0 and at most 100; default: 1) */
    readonly alpha: number;
  } | undefined;
  /** Weight of each labelled image in the loss, by its class (default: all weigh 1). */
  readonly classWeights?: 'balanced' | 'effectiveNumber' | {
    /** By effective numbers of images. */
    readonly kind: 'effectiveNumber';
    /** Share of a new image that is new; near 1 is near balanced. (more than 0 and less than 1; default: 0.999) */
    readonly beta: number;
  } | Readonly<Record<string, number>> | undefined;
  /** Order of the labelled images: shuffled epochs, or each class equally often (default: shuffled). */
  readonly sampler?: 'shuffled' | 'balanced' | undefined;
  /** Largest global norm of the gradients (default: no clipping). (more than 0) */
  readonly clipNorm?: number | undefined;
  /** Recompute blocks in the backward pass: less memory, more time. (default: false) */
  readonly checkpointing: boolean;
  /** Number format of training; 16 bits on a GPU only, weights stay in float32. (default: "float32") */
  readonly precision: 'float32' | 'float16' | 'bfloat16';
  /** Steps that a device does in one run (default: 16 on CUDA and 1 elsewhere). (a whole number, at least 1 and at most 1024) */
  readonly stepsPerRun?: number | undefined;
  /** Noise that makes training harder than inference. */
  readonly noise: {
    /** Dropout rate before the classifier (default: the model's own). (at least 0 and less than 1) */
    readonly dropout?: number | undefined;
    /** Stochastic depth rate of the last block (default: the model's own). (at least 0 and less than 1) */
    readonly dropPath?: number | undefined;
    /** Random affine maps of the images, before all other noise (default: none). */
    readonly augment?: {
      /** Largest shift each way, in pixels. (at least 0 and at most 16384; default: 0) */
      readonly shift: number;
      /** Largest rotation, in degrees. (at least 0 and at most 180; default: 0) */
      readonly rotate: number;
      /** Largest change in size each way, as a fraction. (at least 0 and less than 1; default: 0) */
      readonly scale: number;
      /** Largest shear each way: pixels of x per pixel of y. (at least 0 and at most 100; default: 0) */
      readonly shear: number;
    } | undefined;
    /** RandAugment: random operations on the images (default: none). */
    readonly randAugment?: {
      /** Operations applied to each image. (a whole number, at least 0 and at most 100; default: 2) */
      readonly n: number;
      /** Magnitude of the operations; may exceed 10. (at least 0 and at most 1000; default: 10) */
      readonly m: number;
    } | undefined;
    /** Side of a grey square, in pixels (default: none). (a whole number, at least 1 and at most 16384) */
    readonly cutout?: number | undefined;
    /** Largest shift each way, in pixels, with mirrored borders (default: none). (a whole number, at least 1 and at most 16384) */
    readonly pad?: number | undefined;
    /** Mirror each image with probability one half (default: false). */
    readonly flip?: boolean | undefined;
    /** Erase a rectangle at a random place, after all other noise (default: none). */
    readonly randomErasing?: {
      /** Probability that an image has a rectangle erased. (at least 0 and at most 1; default: 0.5) */
      readonly p: number;
      /** Smallest and largest fraction of the area. (default: [0.02,0.33]) */
      readonly scale: readonly [number, number];
      /** Smallest and largest ratio of height to width. (default: [0.3,3.3]) */
      readonly ratio: readonly [number, number];
      /** Grey level of the rectangle, from black to white. (a whole number, at least 0 and at most 255; default: 0) */
      readonly value: number;
    } | undefined;
    /** Mixup and CutMix: images of a batch are mixed with their labels (default: none). */
    readonly mix?: {
      /** Alpha of Mixup; 0 for none. (at least 0 and at most 1000; default: 0) */
      readonly mixup: number;
      /** Alpha of CutMix; 0 for none. (at least 0 and at most 1000; default: 0) */
      readonly cutmix: number;
      /** Share of the batches, or of the images in mode elem, that are mixed. (at least 0 and at most 1; default: 1) */
      readonly prob: number;
      /** Share of CutMix where there are both. (at least 0 and at most 1; default: 0.5) */
      readonly switchProb: number;
      /** One draw for all images of a batch, or one for each. (default: "batch") */
      readonly mode: 'batch' | 'elem';
      /** Epoch, counted from 0, from which nothing is mixed any more; 0 for never. (a whole number, at least 0 and at most 1000000; default: 0) */
      readonly offEpoch: number;
    } | undefined;
    /** Part of the image to train on (default: whole for packed images and networks below 128 px, or as the model says; otherwise random). */
    readonly crop?: 'random' | 'middle' | 'whole' | 'pad' | {
      /** A random part of the image. */
      readonly kind: 'random';
      /** Smallest and largest fraction of the area. (default: [0.08,1]) */
      readonly area: readonly [number, number];
      /** Smallest and largest ratio of width to height. (default: [0.75,1.3333333333333333]) */
      readonly aspect: readonly [number, number];
    } | undefined;
  };
  /** Early stopping (default: none). */
  readonly earlyStopping?: {
    /** Consecutive evaluations without improvement after which training stops. (a whole number, at least 1 and at most 1000000000) */
    readonly patience: number;
  } | undefined;
  /** Weights to end with: the best by validation, or the last. (default: "best") */
  readonly choose: 'best' | 'last';
  /** Checkpoints to save. */
  readonly checkpoints: {
    /** Number of newest checkpoints to keep beside the best. (a whole number, at least 1 and at most 10000; default: 3) */
    readonly keepLast: number;
    /** Epochs between two checkpoints. (more than 0 and at most 1000000; default: 1) */
    readonly every: number;
  };
  /** A second phase at a larger size, in which only deep layers are trained (default: none). */
  readonly fixResolution?: {
    /** Height and width of the images, in pixels; larger than in the first phase. (a whole number, at least 1 and at most 16384) */
    readonly size: number;
    /** Epochs, passes over the labelled images, without augmentation. (more than 0 and at most 1000000; default: 1.5) */
    readonly epochs: number;
    /** Learning rate (default: a hundredth of the optimizer's). (more than 0) */
    readonly learningRate?: number | undefined;
    /** Layers or parameters that are not trained, as in `freeze` (default: the first half of the blocks). */
    readonly freeze?: readonly string[] | undefined;
  } | undefined;
  /** The data set. */
  readonly data: {
    /** Sets of images. */
    readonly kind?: 'images' | undefined;
    /** Images with classes: a folder, a list or a split of `gradus data`; see above. */
    readonly labelled: string;
    /** Images without classes; `gradus train` ignores them. */
    readonly unlabelled?: string | undefined;
    /** Images with classes, read once, at the end (default: no test). */
    readonly test?: string | undefined;
    /** Maximum number of unreadable images; more stop the run. (a whole number, at least 0 and at most 1000000000; default: 100) */
    readonly unreadable: number;
    /** Decoding of files for training: fast lets large JPEG and WebP files shrink while decoding, exact decodes every pixel, as evaluation always does. (default: "fast") */
    readonly decode: 'fast' | 'exact';
  } | {
    /** Handwritten digits. */
    readonly kind: 'mnist';
    /** Folder that `gradus data mnist DIR` wrote (default: the installed package mnist). */
    readonly folder?: string | undefined;
    /** Digits to train on (default: all but the test set). (a whole number, at least 1 and at most 1000000000) */
    readonly labelled?: number | undefined;
    /** Digits held out for the test. (a whole number, at least 1 and at most 1000000000; default: 2000) */
    readonly test: number;
  };
  /** Number of classes (default: the data set's). (a whole number, at least 2 and at most 65536) */
  readonly classes?: number | undefined;
}

/** Keys as a user writes them; `Optimizer` is what an optimizer's function returns. */
export interface WrittenSelfTraining<Model, Optimizer> {
  /** Schema, for editors. */
  readonly $schema?: string | undefined;
  /** Name of the folder runs/<name>: letters, digits, dots, dashes and underscores. */
  readonly name: string;
  /** Seed of initial values, order and noise. (a whole number, at least 0 and at most 4294967295; default: 1) */
  readonly seed?: number | undefined;
  /** Held-out images that select the best checkpoint; never the test set. */
  readonly validation?: {
    /** Fraction of the labelled images to hold out. (more than 0 and at most 0.5; default: 0.1) */
    readonly share?: number | undefined;
    /** Epochs between two evaluations. (more than 0 and at most 1000000; default: 1) */
    readonly every?: number | undefined;
    /** Figure that the best checkpoint and early stopping go by (default: accuracy). */
    readonly metric?: 'accuracy' | 'balancedAccuracy' | 'macroF1' | undefined;
  } | undefined;
  /** Threads per operator (default: onnxruntime's choice). (a whole number, at least 1 and at most 1024) */
  readonly threads?: number | undefined;
  /** Device that the network runs on. (default: "auto") */
  readonly device?: 'auto' | 'cpu' | 'webgpu' | 'cuda' | undefined;
  /** The data sets. */
  readonly data: {
    /** Images with classes: a folder, a list or a packed set. */
    readonly labelled: string;
    /** Images without classes. */
    readonly unlabelled: string;
    /** Images with classes, read once, at the end. */
    readonly test: string;
    /** Maximum number of unreadable images; more stop the run. (a whole number, at least 0 and at most 1000000000; default: 100) */
    readonly unreadable?: number | undefined;
    /** Decoding of files for training: fast lets large JPEG and WebP files shrink while decoding, exact decodes every pixel, as evaluation always does. (default: "fast") */
    readonly decode?: 'fast' | 'exact' | undefined;
  };
  /** The first network. */
  readonly teacher: {
    /** A model file, or the name of a shipped model. */
    readonly model: Model;
    /** Checkpoint or run with the initial weights (default: from scratch). */
    readonly init?: string | undefined;
    /** Layers or parameters that are not trained, with everything below them (default: none). */
    readonly freeze?: readonly string[] | undefined;
    /** Height and width of the images, in pixels (default: the model's own). (a whole number, at least 1 and at most 16384) */
    readonly size?: number | undefined;
    /** Epochs, passes over the training images; set this or steps. (more than 0 and at most 1000000) */
    readonly epochs?: number | undefined;
    /** Optimizer steps; set this or epochs. (a whole number, at least 1 and at most 1000000000) */
    readonly steps?: number | undefined;
    /** Labelled images per step. (a whole number, at least 1 and at most 65536; default: 64) */
    readonly batch?: number | undefined;
    /** The optimizer; the schedule starts from its learningRate. */
    readonly optimizer: {
      /** Adam-like steps whose state is a row and a column in place of each matrix. */
      readonly kind: 'adafactor';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.01) */
      readonly learningRate?: number | undefined;
      /** Exponent of the step by which the mean of squared gradients forgets less and less. (at least -1 and less than 0; default: -0.8) */
      readonly beta2Decay?: number | undefined;
      /** Smallest root of the mean of squared gradients. (more than 0; default: 1.1920928955078125e-7) */
      readonly epsilon1?: number | undefined;
      /** Smallest root mean square of a parameter that its steps are scaled by. (more than 0; default: 0.001) */
      readonly epsilon2?: number | undefined;
      /** Largest root mean square of a step before it is scaled. (more than 0; default: 1) */
      readonly clipThreshold?: number | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay?: number | undefined;
    } | {
      /** Adam with decoupled weight decay. */
      readonly kind: 'adamw';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.001) */
      readonly learningRate?: number | undefined;
      /** Decay of the running mean of gradients. (at least 0 and less than 1; default: 0.9) */
      readonly beta1?: number | undefined;
      /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
      readonly beta2?: number | undefined;
      /** Added to the square root of that mean. (more than 0; default: 1e-8) */
      readonly epsilon?: number | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0.01) */
      readonly weightDecay?: number | undefined;
      /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: true) */
      readonly decoupledDecay?: boolean | undefined;
    } | {
      /** Adam whose steps are scaled to the norm of each parameter, for large batches. */
      readonly kind: 'lamb';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.001) */
      readonly learningRate?: number | undefined;
      /** Decay of the running mean of gradients. (at least 0 and less than 1; default: 0.9) */
      readonly beta1?: number | undefined;
      /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
      readonly beta2?: number | undefined;
      /** Added to the square root of that mean. (more than 0; default: 0.000001) */
      readonly epsilon?: number | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0.01) */
      readonly weightDecay?: number | undefined;
      /** Scale the steps of parameters without weight decay, too. (default: false) */
      readonly alwaysAdapt?: boolean | undefined;
      /** Scale no step up: the ratio of the norms is at most 1. (default: false) */
      readonly trustClip?: boolean | undefined;
    } | {
      /** Lion: steps by the sign of an average of gradients. */
      readonly kind: 'lion';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.0001) */
      readonly learningRate?: number | undefined;
      /** Decay of the average whose sign is the step. (at least 0 and less than 1; default: 0.9) */
      readonly beta1?: number | undefined;
      /** Decay of the average that is kept. (at least 0 and less than 1; default: 0.99) */
      readonly beta2?: number | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay?: number | undefined;
      /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: true) */
      readonly decoupledDecay?: boolean | undefined;
    } | {
      /** Adam with Nesterov momentum. */
      readonly kind: 'nadam';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.002) */
      readonly learningRate?: number | undefined;
      /** Decay of the running mean of gradients. (at least 0 and less than 1; default: 0.9) */
      readonly beta1?: number | undefined;
      /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
      readonly beta2?: number | undefined;
      /** Added to the square root of that mean. (more than 0; default: 1e-8) */
      readonly epsilon?: number | undefined;
      /** Speed at which the momentum rises to beta1. (more than 0; default: 0.004) */
      readonly momentumDecay?: number | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay?: number | undefined;
      /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: false) */
      readonly decoupledDecay?: boolean | undefined;
    } | {
      /** RMSProp in TensorFlow's form. */
      readonly kind: 'rmspropTf';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.01) */
      readonly learningRate?: number | undefined;
      /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.9) */
      readonly decay?: number | undefined;
      /** Momentum: the weight of past steps in each step. (at least 0 and less than 1; default: 0.9) */
      readonly momentum?: number | undefined;
      /** Added to that mean inside the square root, as in TensorFlow. (more than 0; default: 0.001) */
      readonly epsilon?: number | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay?: number | undefined;
      /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: false) */
      readonly decoupledDecay?: boolean | undefined;
    } | {
      /** Stochastic gradient descent with momentum. */
      readonly kind: 'sgd';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.1) */
      readonly learningRate?: number | undefined;
      /** Momentum: the weight of past steps in each step. (at least 0 and less than 1; default: 0.9) */
      readonly momentum?: number | undefined;
      /** Use Nesterov momentum. (default: false) */
      readonly nesterov?: boolean | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay?: number | undefined;
      /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: false) */
      readonly decoupledDecay?: boolean | undefined;
    } | Optimizer;
    /** Course of the learning rate. (default: {"kind":"constant","warmup":0}) */
    readonly schedule?: {
      /** A constant learning rate, after the warm-up. */
      readonly kind: 'constant';
      /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup?: number | undefined;
    } | {
      /** A learning rate that falls along half a cosine. */
      readonly kind: 'cosine';
      /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup?: number | undefined;
      /** Final learning rate, as a fraction of the first. (at least 0 and at most 1; default: 0) */
      readonly final?: number | undefined;
    } | {
      /** A learning rate that falls by a factor at regular intervals. */
      readonly kind: 'exponential';
      /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup?: number | undefined;
      /** Factor of each fall. (more than 0 and at most 1; default: 0.97) */
      readonly decay?: number | undefined;
      /** Epochs between two falls. (more than 0 and at most 1000000; default: 2.4) */
      readonly every?: number | undefined;
      /** Falls in steps rather than smoothly. (default: true) */
      readonly staircase?: boolean | undefined;
    } | {
      /** A learning rate that falls to 0 as a power of what is left of the run. */
      readonly kind: 'polynomial';
      /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup?: number | undefined;
      /** Exponent; 1 is a straight line. (more than 0; default: 1) */
      readonly power?: number | undefined;
    } | {
      /** A learning rate that rises to the optimizer's and falls far below it. */
      readonly kind: 'oneCycle';
      /** Fraction of the run in which it rises. (more than 0 and less than 1; default: 0.3) */
      readonly pctStart?: number | undefined;
      /** First learning rate: the highest divided by this. (more than 0; default: 25) */
      readonly divFactor?: number | undefined;
      /** Last learning rate: the first divided by this. (more than 0; default: 10000) */
      readonly finalDivFactor?: number | undefined;
      /** Curve of the rise and the fall. (default: "cosine") */
      readonly anneal?: 'cosine' | 'linear' | undefined;
    } | {
      /** A learning rate that falls along half a cosine again and again. */
      readonly kind: 'cosineRestarts';
      /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup?: number | undefined;
      /** Epochs of the first fall. (more than 0 and at most 1000000; default: 10) */
      readonly period?: number | undefined;
      /** Length of each fall, as a multiple of the one before. (at least 1 and at most 1000000; default: 1) */
      readonly factor?: number | undefined;
      /** Learning rate before a restart, as a fraction of the first. (at least 0 and at most 1; default: 0) */
      readonly final?: number | undefined;
    } | undefined;
    /** Decay of a moving average of the weights (default: no average). (at least 0 and less than 1) */
    readonly ema?: number | undefined;
    /** Fraction of each label that is spread evenly over all classes. (at least 0 and less than 1; default: 0) */
    readonly labelSmoothing?: number | undefined;
    /** Loss of each image, by its name or with options (default: crossEntropy). */
    readonly criterion?: 'binaryCrossEntropy' | 'crossEntropy' | 'focal' | {
      /** Binary cross-entropy of each class by itself. */
      readonly kind: 'binaryCrossEntropy';
      /** Take the sum over the classes in place of their mean. (default: false) */
      readonly sumClasses?: boolean | undefined;
      /** Targets above this count as 1 and others as 0; 0 leaves targets as they are. (at least 0 and less than 1; default: 0) */
      readonly targetThreshold?: number | undefined;
    } | {
      /** Softmax cross-entropy. */
      readonly kind: 'crossEntropy';
    } | {
      /** Cross-entropy in which images that are right already count less. */
      readonly kind: 'focal';
      /** Exponent of 1 - p; 0 is cross-entropy. (at least 0 and at most 100; default: 2) */
      readonly gamma?: number | undefined;
      /** Factor of the loss of every class. (more than 0 and at most 100; default: 1) */
      readonly alpha?: number | undefined;
    } | undefined;
    /** Weight of each labelled image in the loss, by its class (default: all weigh 1). */
    readonly classWeights?: 'balanced' | 'effectiveNumber' | {
      /** By effective numbers of images. */
      readonly kind: 'effectiveNumber';
      /** Share of a new image that is new; near 1 is near balanced. (more than 0 and less than 1; default: 0.999) */
      readonly beta?: number | undefined;
    } | Readonly<Record<string, number>> | undefined;
    /** Order of the labelled images: shuffled epochs, or each class equally often (default: shuffled). */
    readonly sampler?: 'shuffled' | 'balanced' | undefined;
    /** Largest global norm of the gradients (default: no clipping). (more than 0) */
    readonly clipNorm?: number | undefined;
    /** Recompute blocks in the backward pass: less memory, more time. (default: false) */
    readonly checkpointing?: boolean | undefined;
    /** Number format of training; 16 bits on a GPU only, weights stay in float32. (default: "float32") */
    readonly precision?: 'float32' | 'float16' | 'bfloat16' | undefined;
    /** Steps that a device does in one run (default: 16 on CUDA and 1 elsewhere). (a whole number, at least 1 and at most 1024) */
    readonly stepsPerRun?: number | undefined;
    /** Noise that makes training harder than inference. */
    readonly noise?: {
      /** Dropout rate before the classifier (default: the model's own). (at least 0 and less than 1) */
      readonly dropout?: number | undefined;
      /** Stochastic depth rate of the last block (default: the model's own). (at least 0 and less than 1) */
      readonly dropPath?: number | undefined;
      /** Random affine maps of the images, before all other noise (default: none). */
      readonly augment?: {
        /** Largest shift each way, in pixels. (at least 0 and at most 16384; default: 0) */
        readonly shift?: number | undefined;
        /** Largest rotation, in degrees. (at least 0 and at most 180; default: 0) */
        readonly rotate?: number | undefined;
        /** Largest change in size each way, as a fraction. (at least 0 and less than 1; default: 0) */
        readonly scale?: number | undefined;
        /** Largest shear each way: pixels of x per pixel of y. (at least 0 and at most 100; default: 0) */
        readonly shear?: number | undefined;
      } | undefined;
      /** RandAugment: random operations on the images (default: none). */
      readonly randAugment?: {
        /** Operations applied to each image. (a whole number, at least 0 and at most 100; default: 2) */
        readonly n?: number | undefined;
        /** Magnitude of the operations; may exceed 10. (at least 0 and at most 1000; default: 10) */
        readonly m?: number | undefined;
      } | undefined;
      /** Side of a grey square, in pixels (default: none). (a whole number, at least 1 and at most 16384) */
      readonly cutout?: number | undefined;
      /** Largest shift each way, in pixels, with mirrored borders (default: none). (a whole number, at least 1 and at most 16384) */
      readonly pad?: number | undefined;
      /** Mirror each image with probability one half (default: false). */
      readonly flip?: boolean | undefined;
      /** Erase a rectangle at a random place, after all other noise (default: none). */
      readonly randomErasing?: {
        /** Probability that an image has a rectangle erased. (at least 0 and at most 1; default: 0.5) */
        readonly p?: number | undefined;
        /** Smallest and largest fraction of the area. (default: [0.02,0.33]) */
        readonly scale?: readonly [number, number] | undefined;
        /** Smallest and largest ratio of height to width. (default: [0.3,3.3]) */
        readonly ratio?: readonly [number, number] | undefined;
        /** Grey level of the rectangle, from black to white. (a whole number, at least 0 and at most 255; default: 0) */
        readonly value?: number | undefined;
      } | undefined;
      /** Mixup and CutMix: images of a batch are mixed with their labels (default: none). */
      readonly mix?: {
        /** Alpha of Mixup; 0 for none. (at least 0 and at most 1000; default: 0) */
        readonly mixup?: number | undefined;
        /** Alpha of CutMix; 0 for none. (at least 0 and at most 1000; default: 0) */
        readonly cutmix?: number | undefined;
        /** Share of the batches, or of the images in mode elem, that are mixed. (at least 0 and at most 1; default: 1) */
        readonly prob?: number | undefined;
        /** Share of CutMix where there are both. (at least 0 and at most 1; default: 0.5) */
        readonly switchProb?: number | undefined;
        /** One draw for all images of a batch, or one for each. (default: "batch") */
        readonly mode?: 'batch' | 'elem' | undefined;
        /** Epoch, counted from 0, from which nothing is mixed any more; 0 for never. (a whole number, at least 0 and at most 1000000; default: 0) */
        readonly offEpoch?: number | undefined;
      } | undefined;
      /** Part of the image to train on (default: whole for packed images and networks below 128 px, or as the model says; otherwise random). */
      readonly crop?: 'random' | 'middle' | 'whole' | 'pad' | {
        /** A random part of the image. */
        readonly kind: 'random';
        /** Smallest and largest fraction of the area. (default: [0.08,1]) */
        readonly area?: readonly [number, number] | undefined;
        /** Smallest and largest ratio of width to height. (default: [0.75,1.3333333333333333]) */
        readonly aspect?: readonly [number, number] | undefined;
      } | undefined;
    } | undefined;
    /** Early stopping (default: none). */
    readonly earlyStopping?: {
      /** Consecutive evaluations without improvement after which training stops. (a whole number, at least 1 and at most 1000000000) */
      readonly patience: number;
    } | undefined;
    /** Weights to end with: the best by validation, or the last. (default: "best") */
    readonly choose?: 'best' | 'last' | undefined;
    /** Checkpoints to save. */
    readonly checkpoints?: {
      /** Number of newest checkpoints to keep beside the best. (a whole number, at least 1 and at most 10000; default: 3) */
      readonly keepLast?: number | undefined;
      /** Epochs between two checkpoints. (more than 0 and at most 1000000; default: 1) */
      readonly every?: number | undefined;
    } | undefined;
    /** A second phase at a larger size, in which only deep layers are trained (default: none). */
    readonly fixResolution?: {
      /** Height and width of the images, in pixels; larger than in the first phase. (a whole number, at least 1 and at most 16384) */
      readonly size: number;
      /** Epochs, passes over the labelled images, without augmentation. (more than 0 and at most 1000000; default: 1.5) */
      readonly epochs?: number | undefined;
      /** Learning rate (default: a hundredth of the optimizer's). (more than 0) */
      readonly learningRate?: number | undefined;
      /** Layers or parameters that are not trained, as in `freeze` (default: the first half of the blocks). */
      readonly freeze?: readonly string[] | undefined;
    } | undefined;
  };
  /** One student per generation; keys left out are taken from the previous one. */
  readonly students: readonly ({
    /** A model file, or the name of a shipped model. */
    readonly model?: Model | undefined;
    /** Initial weights: 'scratch', the 'teacher' if the network is the same, or a checkpoint. (default: "scratch") */
    readonly init?: string | undefined;
    /** Layers or parameters that are not trained, with everything below them (default: none). */
    readonly freeze?: readonly string[] | undefined;
    /** Height and width of the images, in pixels (default: the model's own). (a whole number, at least 1 and at most 16384) */
    readonly size?: number | undefined;
    /** Epochs, passes over the training images; set this or steps. (more than 0 and at most 1000000) */
    readonly epochs?: number | undefined;
    /** Optimizer steps; set this or epochs. (a whole number, at least 1 and at most 1000000000) */
    readonly steps?: number | undefined;
    /** Labelled images per step. (a whole number, at least 1 and at most 65536; default: 64) */
    readonly batch?: number | undefined;
    /** The optimizer; the schedule starts from its learningRate. */
    readonly optimizer?: {
      /** Adam-like steps whose state is a row and a column in place of each matrix. */
      readonly kind: 'adafactor';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.01) */
      readonly learningRate?: number | undefined;
      /** Exponent of the step by which the mean of squared gradients forgets less and less. (at least -1 and less than 0; default: -0.8) */
      readonly beta2Decay?: number | undefined;
      /** Smallest root of the mean of squared gradients. (more than 0; default: 1.1920928955078125e-7) */
      readonly epsilon1?: number | undefined;
      /** Smallest root mean square of a parameter that its steps are scaled by. (more than 0; default: 0.001) */
      readonly epsilon2?: number | undefined;
      /** Largest root mean square of a step before it is scaled. (more than 0; default: 1) */
      readonly clipThreshold?: number | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay?: number | undefined;
    } | {
      /** Adam with decoupled weight decay. */
      readonly kind: 'adamw';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.001) */
      readonly learningRate?: number | undefined;
      /** Decay of the running mean of gradients. (at least 0 and less than 1; default: 0.9) */
      readonly beta1?: number | undefined;
      /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
      readonly beta2?: number | undefined;
      /** Added to the square root of that mean. (more than 0; default: 1e-8) */
      readonly epsilon?: number | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0.01) */
      readonly weightDecay?: number | undefined;
      /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: true) */
      readonly decoupledDecay?: boolean | undefined;
    } | {
      /** Adam whose steps are scaled to the norm of each parameter, for large batches. */
      readonly kind: 'lamb';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.001) */
      readonly learningRate?: number | undefined;
      /** Decay of the running mean of gradients. (at least 0 and less than 1; default: 0.9) */
      readonly beta1?: number | undefined;
      /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
      readonly beta2?: number | undefined;
      /** Added to the square root of that mean. (more than 0; default: 0.000001) */
      readonly epsilon?: number | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0.01) */
      readonly weightDecay?: number | undefined;
      /** Scale the steps of parameters without weight decay, too. (default: false) */
      readonly alwaysAdapt?: boolean | undefined;
      /** Scale no step up: the ratio of the norms is at most 1. (default: false) */
      readonly trustClip?: boolean | undefined;
    } | {
      /** Lion: steps by the sign of an average of gradients. */
      readonly kind: 'lion';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.0001) */
      readonly learningRate?: number | undefined;
      /** Decay of the average whose sign is the step. (at least 0 and less than 1; default: 0.9) */
      readonly beta1?: number | undefined;
      /** Decay of the average that is kept. (at least 0 and less than 1; default: 0.99) */
      readonly beta2?: number | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay?: number | undefined;
      /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: true) */
      readonly decoupledDecay?: boolean | undefined;
    } | {
      /** Adam with Nesterov momentum. */
      readonly kind: 'nadam';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.002) */
      readonly learningRate?: number | undefined;
      /** Decay of the running mean of gradients. (at least 0 and less than 1; default: 0.9) */
      readonly beta1?: number | undefined;
      /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
      readonly beta2?: number | undefined;
      /** Added to the square root of that mean. (more than 0; default: 1e-8) */
      readonly epsilon?: number | undefined;
      /** Speed at which the momentum rises to beta1. (more than 0; default: 0.004) */
      readonly momentumDecay?: number | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay?: number | undefined;
      /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: false) */
      readonly decoupledDecay?: boolean | undefined;
    } | {
      /** RMSProp in TensorFlow's form. */
      readonly kind: 'rmspropTf';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.01) */
      readonly learningRate?: number | undefined;
      /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.9) */
      readonly decay?: number | undefined;
      /** Momentum: the weight of past steps in each step. (at least 0 and less than 1; default: 0.9) */
      readonly momentum?: number | undefined;
      /** Added to that mean inside the square root, as in TensorFlow. (more than 0; default: 0.001) */
      readonly epsilon?: number | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay?: number | undefined;
      /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: false) */
      readonly decoupledDecay?: boolean | undefined;
    } | {
      /** Stochastic gradient descent with momentum. */
      readonly kind: 'sgd';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.1) */
      readonly learningRate?: number | undefined;
      /** Momentum: the weight of past steps in each step. (at least 0 and less than 1; default: 0.9) */
      readonly momentum?: number | undefined;
      /** Use Nesterov momentum. (default: false) */
      readonly nesterov?: boolean | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay?: number | undefined;
      /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: false) */
      readonly decoupledDecay?: boolean | undefined;
    } | Optimizer | undefined;
    /** Course of the learning rate. (default: {"kind":"constant","warmup":0}) */
    readonly schedule?: {
      /** A constant learning rate, after the warm-up. */
      readonly kind: 'constant';
      /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup?: number | undefined;
    } | {
      /** A learning rate that falls along half a cosine. */
      readonly kind: 'cosine';
      /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup?: number | undefined;
      /** Final learning rate, as a fraction of the first. (at least 0 and at most 1; default: 0) */
      readonly final?: number | undefined;
    } | {
      /** A learning rate that falls by a factor at regular intervals. */
      readonly kind: 'exponential';
      /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup?: number | undefined;
      /** Factor of each fall. (more than 0 and at most 1; default: 0.97) */
      readonly decay?: number | undefined;
      /** Epochs between two falls. (more than 0 and at most 1000000; default: 2.4) */
      readonly every?: number | undefined;
      /** Falls in steps rather than smoothly. (default: true) */
      readonly staircase?: boolean | undefined;
    } | {
      /** A learning rate that falls to 0 as a power of what is left of the run. */
      readonly kind: 'polynomial';
      /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup?: number | undefined;
      /** Exponent; 1 is a straight line. (more than 0; default: 1) */
      readonly power?: number | undefined;
    } | {
      /** A learning rate that rises to the optimizer's and falls far below it. */
      readonly kind: 'oneCycle';
      /** Fraction of the run in which it rises. (more than 0 and less than 1; default: 0.3) */
      readonly pctStart?: number | undefined;
      /** First learning rate: the highest divided by this. (more than 0; default: 25) */
      readonly divFactor?: number | undefined;
      /** Last learning rate: the first divided by this. (more than 0; default: 10000) */
      readonly finalDivFactor?: number | undefined;
      /** Curve of the rise and the fall. (default: "cosine") */
      readonly anneal?: 'cosine' | 'linear' | undefined;
    } | {
      /** A learning rate that falls along half a cosine again and again. */
      readonly kind: 'cosineRestarts';
      /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup?: number | undefined;
      /** Epochs of the first fall. (more than 0 and at most 1000000; default: 10) */
      readonly period?: number | undefined;
      /** Length of each fall, as a multiple of the one before. (at least 1 and at most 1000000; default: 1) */
      readonly factor?: number | undefined;
      /** Learning rate before a restart, as a fraction of the first. (at least 0 and at most 1; default: 0) */
      readonly final?: number | undefined;
    } | undefined;
    /** Decay of a moving average of the weights (default: no average). (at least 0 and less than 1) */
    readonly ema?: number | undefined;
    /** Fraction of each label that is spread evenly over all classes. (at least 0 and less than 1; default: 0) */
    readonly labelSmoothing?: number | undefined;
    /** Loss of each image, by its name or with options (default: crossEntropy). */
    readonly criterion?: 'binaryCrossEntropy' | 'crossEntropy' | 'focal' | {
      /** Binary cross-entropy of each class by itself. */
      readonly kind: 'binaryCrossEntropy';
      /** Take the sum over the classes in place of their mean. (default: false) */
      readonly sumClasses?: boolean | undefined;
      /** Targets above this count as 1 and others as 0; 0 leaves targets as they are. (at least 0 and less than 1; default: 0) */
      readonly targetThreshold?: number | undefined;
    } | {
      /** Softmax cross-entropy. */
      readonly kind: 'crossEntropy';
    } | {
      /** Cross-entropy in which images that are right already count less. */
      readonly kind: 'focal';
      /** Exponent of 1 - p; 0 is cross-entropy. (at least 0 and at most 100; default: 2) */
      readonly gamma?: number | undefined;
      /** Factor of the loss of every class. (more than 0 and at most 100; default: 1) */
      readonly alpha?: number | undefined;
    } | undefined;
    /** Weight of each labelled image in the loss, by its class (default: all weigh 1). */
    readonly classWeights?: 'balanced' | 'effectiveNumber' | {
      /** By effective numbers of images. */
      readonly kind: 'effectiveNumber';
      /** Share of a new image that is new; near 1 is near balanced. (more than 0 and less than 1; default: 0.999) */
      readonly beta?: number | undefined;
    } | Readonly<Record<string, number>> | undefined;
    /** Order of the labelled images: shuffled epochs, or each class equally often (default: shuffled). */
    readonly sampler?: 'shuffled' | 'balanced' | undefined;
    /** Largest global norm of the gradients (default: no clipping). (more than 0) */
    readonly clipNorm?: number | undefined;
    /** Recompute blocks in the backward pass: less memory, more time. (default: false) */
    readonly checkpointing?: boolean | undefined;
    /** Number format of training; 16 bits on a GPU only, weights stay in float32. (default: "float32") */
    readonly precision?: 'float32' | 'float16' | 'bfloat16' | undefined;
    /** Steps that a device does in one run (default: 16 on CUDA and 1 elsewhere). (a whole number, at least 1 and at most 1024) */
    readonly stepsPerRun?: number | undefined;
    /** Noise that makes training harder than inference. */
    readonly noise?: {
      /** Dropout rate before the classifier (default: the model's own). (at least 0 and less than 1) */
      readonly dropout?: number | undefined;
      /** Stochastic depth rate of the last block (default: the model's own). (at least 0 and less than 1) */
      readonly dropPath?: number | undefined;
      /** Random affine maps of the images, before all other noise (default: none). */
      readonly augment?: {
        /** Largest shift each way, in pixels. (at least 0 and at most 16384; default: 0) */
        readonly shift?: number | undefined;
        /** Largest rotation, in degrees. (at least 0 and at most 180; default: 0) */
        readonly rotate?: number | undefined;
        /** Largest change in size each way, as a fraction. (at least 0 and less than 1; default: 0) */
        readonly scale?: number | undefined;
        /** Largest shear each way: pixels of x per pixel of y. (at least 0 and at most 100; default: 0) */
        readonly shear?: number | undefined;
      } | undefined;
      /** RandAugment: random operations on the images (default: none). */
      readonly randAugment?: {
        /** Operations applied to each image. (a whole number, at least 0 and at most 100; default: 2) */
        readonly n?: number | undefined;
        /** Magnitude of the operations; may exceed 10. (at least 0 and at most 1000; default: 10) */
        readonly m?: number | undefined;
      } | undefined;
      /** Side of a grey square, in pixels (default: none). (a whole number, at least 1 and at most 16384) */
      readonly cutout?: number | undefined;
      /** Largest shift each way, in pixels, with mirrored borders (default: none). (a whole number, at least 1 and at most 16384) */
      readonly pad?: number | undefined;
      /** Mirror each image with probability one half (default: false). */
      readonly flip?: boolean | undefined;
      /** Erase a rectangle at a random place, after all other noise (default: none). */
      readonly randomErasing?: {
        /** Probability that an image has a rectangle erased. (at least 0 and at most 1; default: 0.5) */
        readonly p?: number | undefined;
        /** Smallest and largest fraction of the area. (default: [0.02,0.33]) */
        readonly scale?: readonly [number, number] | undefined;
        /** Smallest and largest ratio of height to width. (default: [0.3,3.3]) */
        readonly ratio?: readonly [number, number] | undefined;
        /** Grey level of the rectangle, from black to white. (a whole number, at least 0 and at most 255; default: 0) */
        readonly value?: number | undefined;
      } | undefined;
      /** Mixup and CutMix: images of a batch are mixed with their labels (default: none). */
      readonly mix?: {
        /** Alpha of Mixup; 0 for none. (at least 0 and at most 1000; default: 0) */
        readonly mixup?: number | undefined;
        /** Alpha of CutMix; 0 for none. (at least 0 and at most 1000; default: 0) */
        readonly cutmix?: number | undefined;
        /** Share of the batches, or of the images in mode elem, that are mixed. (at least 0 and at most 1; default: 1) */
        readonly prob?: number | undefined;
        /** Share of CutMix where there are both. (at least 0 and at most 1; default: 0.5) */
        readonly switchProb?: number | undefined;
        /** One draw for all images of a batch, or one for each. (default: "batch") */
        readonly mode?: 'batch' | 'elem' | undefined;
        /** Epoch, counted from 0, from which nothing is mixed any more; 0 for never. (a whole number, at least 0 and at most 1000000; default: 0) */
        readonly offEpoch?: number | undefined;
      } | undefined;
      /** Part of the image to train on (default: whole for packed images and networks below 128 px, or as the model says; otherwise random). */
      readonly crop?: 'random' | 'middle' | 'whole' | 'pad' | {
        /** A random part of the image. */
        readonly kind: 'random';
        /** Smallest and largest fraction of the area. (default: [0.08,1]) */
        readonly area?: readonly [number, number] | undefined;
        /** Smallest and largest ratio of width to height. (default: [0.75,1.3333333333333333]) */
        readonly aspect?: readonly [number, number] | undefined;
      } | undefined;
    } | undefined;
    /** Early stopping (default: none). */
    readonly earlyStopping?: {
      /** Consecutive evaluations without improvement after which training stops. (a whole number, at least 1 and at most 1000000000) */
      readonly patience: number;
    } | undefined;
    /** Weights to end with: the best by validation, or the last. (default: "best") */
    readonly choose?: 'best' | 'last' | undefined;
    /** Checkpoints to save. */
    readonly checkpoints?: {
      /** Number of newest checkpoints to keep beside the best. (a whole number, at least 1 and at most 10000; default: 3) */
      readonly keepLast?: number | undefined;
      /** Epochs between two checkpoints. (more than 0 and at most 1000000; default: 1) */
      readonly every?: number | undefined;
    } | undefined;
    /** A second phase at a larger size, in which only deep layers are trained (default: none). */
    readonly fixResolution?: {
      /** Height and width of the images, in pixels; larger than in the first phase. (a whole number, at least 1 and at most 16384) */
      readonly size: number;
      /** Epochs, passes over the labelled images, without augmentation. (more than 0 and at most 1000000; default: 1.5) */
      readonly epochs?: number | undefined;
      /** Learning rate (default: a hundredth of the optimizer's). (more than 0) */
      readonly learningRate?: number | undefined;
      /** Layers or parameters that are not trained, as in `freeze` (default: the first half of the blocks). */
      readonly freeze?: readonly string[] | undefined;
    } | undefined;
    /** Pseudo-labelled images per labelled image in a step. (more than 0 and at most 10000; default: 1) */
    readonly ratio?: number | undefined;
    /** Selection of the pseudo-labels that this generation learns from. */
    readonly labels?: {
      /** Soft: the teacher's probabilities; hard: its most probable class alone. (default: "soft") */
      readonly kind?: 'soft' | 'hard' | undefined;
      /** Smallest confidence of a label to keep. (at least 0 and at most 1; default: 0.3) */
      readonly threshold?: number | undefined;
      /** Images per class, copies included (default: no limit and no copies). (a whole number, at least 1 and at most 1000000000) */
      readonly perClass?: number | undefined;
      /** How a class is cut to perClass: exact, as in the paper, or on a grid of thresholds, as in its code. (default: "exact") */
      readonly cap?: 'exact' | 'grid' | undefined;
      /** Maximum copies of an image (default: no limit). (a whole number, at least 1 and at most 1000000) */
      readonly maxCopies?: number | undefined;
      /** Temperature of soft labels: p^(1/T), renormalised; below 1 they become sharper. (more than 0; default: 1) */
      readonly temperature?: number | undefined;
      /** Number of the largest probabilities to store (default: all). (a whole number, at least 1 and at most 65536) */
      readonly topK?: number | undefined;
      /** A CSV with the columns image and class: corrections of single labels by a person. */
      readonly corrections?: string | undefined;
      /** Label each image's clean copy while the student trains, and store no labels. (default: false) */
      readonly onTheFly?: boolean | undefined;
      /** Stop if the audit gives a warning. (default: false) */
      readonly strict?: boolean | undefined;
      /** Continue if no image of a class is kept. (default: false) */
      readonly allowEmpty?: boolean | undefined;
    } | undefined;
    /** Loss: the mean over all images, as in the paper, or the published code's sum of means. (default: "mean") */
    readonly loss?: 'mean' | 'sumOfMeans' | undefined;
  })[];
  /** Also train the first student on labels alone, with the same number of steps and images. (default: false) */
  readonly control?: boolean | undefined;
  /** Labelling by a teacher. */
  readonly labelling?: {
    /** Images to label at a time. (a whole number, at least 1 and at most 65536; default: 100) */
    readonly batch?: number | undefined;
    /** Number format of labelling: float16 on a GPU that supports it. (default: "float32") */
    readonly precision?: 'float32' | 'float16' | undefined;
    /** Number of label files (default: one per 20,000 images). (a whole number, at least 1 and at most 100000) */
    readonly shards?: number | undefined;
  } | undefined;
}

/** A config with its defaults filled in. */
export interface SelfTrainingConfig {
  /** Schema, for editors. */
  readonly $schema?: string | undefined;
  /** Name of the folder runs/<name>: letters, digits, dots, dashes and underscores. */
  readonly name: string;
  /** Seed of initial values, order and noise. (a whole number, at least 0 and at most 4294967295; default: 1) */
  readonly seed: number;
  /** Held-out images that select the best checkpoint; never the test set. */
  readonly validation: {
    /** Fraction of the labelled images to hold out. (more than 0 and at most 0.5; default: 0.1) */
    readonly share: number;
    /** Epochs between two evaluations. (more than 0 and at most 1000000; default: 1) */
    readonly every: number;
    /** Figure that the best checkpoint and early stopping go by (default: accuracy). */
    readonly metric?: 'accuracy' | 'balancedAccuracy' | 'macroF1' | undefined;
  };
  /** Threads per operator (default: onnxruntime's choice). (a whole number, at least 1 and at most 1024) */
  readonly threads?: number | undefined;
  /** Device that the network runs on. (default: "auto") */
  readonly device: 'auto' | 'cpu' | 'webgpu' | 'cuda';
  /** The data sets. */
  readonly data: {
    /** Images with classes: a folder, a list or a packed set. */
    readonly labelled: string;
    /** Images without classes. */
    readonly unlabelled: string;
    /** Images with classes, read once, at the end. */
    readonly test: string;
    /** Maximum number of unreadable images; more stop the run. (a whole number, at least 0 and at most 1000000000; default: 100) */
    readonly unreadable: number;
    /** Decoding of files for training: fast lets large JPEG and WebP files shrink while decoding, exact decodes every pixel, as evaluation always does. (default: "fast") */
    readonly decode: 'fast' | 'exact';
  };
  /** The first network. */
  readonly teacher: {
    /** A model file, or the name of a shipped model. */
    readonly model: string;
    /** Checkpoint or run with the initial weights (default: from scratch). */
    readonly init?: string | undefined;
    /** Layers or parameters that are not trained, with everything below them (default: none). */
    readonly freeze?: readonly string[] | undefined;
    /** Height and width of the images, in pixels (default: the model's own). (a whole number, at least 1 and at most 16384) */
    readonly size?: number | undefined;
    /** Epochs, passes over the training images; set this or steps. (more than 0 and at most 1000000) */
    readonly epochs?: number | undefined;
    /** Optimizer steps; set this or epochs. (a whole number, at least 1 and at most 1000000000) */
    readonly steps?: number | undefined;
    /** Labelled images per step. (a whole number, at least 1 and at most 65536; default: 64) */
    readonly batch: number;
    /** The optimizer; the schedule starts from its learningRate. */
    readonly optimizer: {
      /** Adam-like steps whose state is a row and a column in place of each matrix. */
      readonly kind: 'adafactor';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.01) */
      readonly learningRate: number;
      /** Exponent of the step by which the mean of squared gradients forgets less and less. (at least -1 and less than 0; default: -0.8) */
      readonly beta2Decay: number;
      /** Smallest root of the mean of squared gradients. (more than 0; default: 1.1920928955078125e-7) */
      readonly epsilon1: number;
      /** Smallest root mean square of a parameter that its steps are scaled by. (more than 0; default: 0.001) */
      readonly epsilon2: number;
      /** Largest root mean square of a step before it is scaled. (more than 0; default: 1) */
      readonly clipThreshold: number;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay: number;
    } | {
      /** Adam with decoupled weight decay. */
      readonly kind: 'adamw';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.001) */
      readonly learningRate: number;
      /** Decay of the running mean of gradients. (at least 0 and less than 1; default: 0.9) */
      readonly beta1: number;
      /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
      readonly beta2: number;
      /** Added to the square root of that mean. (more than 0; default: 1e-8) */
      readonly epsilon: number;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0.01) */
      readonly weightDecay: number;
      /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: true) */
      readonly decoupledDecay: boolean;
    } | {
      /** Adam whose steps are scaled to the norm of each parameter, for large batches. */
      readonly kind: 'lamb';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.001) */
      readonly learningRate: number;
      /** Decay of the running mean of gradients. (at least 0 and less than 1; default: 0.9) */
      readonly beta1: number;
      /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
      readonly beta2: number;
      /** Added to the square root of that mean. (more than 0; default: 0.000001) */
      readonly epsilon: number;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0.01) */
      readonly weightDecay: number;
      /** Scale the steps of parameters without weight decay, too. (default: false) */
      readonly alwaysAdapt: boolean;
      /** Scale no step up: the ratio of the norms is at most 1. (default: false) */
      readonly trustClip: boolean;
    } | {
      /** Lion: steps by the sign of an average of gradients. */
      readonly kind: 'lion';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.0001) */
      readonly learningRate: number;
      /** Decay of the average whose sign is the step. (at least 0 and less than 1; default: 0.9) */
      readonly beta1: number;
      /** Decay of the average that is kept. (at least 0 and less than 1; default: 0.99) */
      readonly beta2: number;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay: number;
      /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: true) */
      readonly decoupledDecay: boolean;
    } | {
      /** Adam with Nesterov momentum. */
      readonly kind: 'nadam';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.002) */
      readonly learningRate: number;
      /** Decay of the running mean of gradients. (at least 0 and less than 1; default: 0.9) */
      readonly beta1: number;
      /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
      readonly beta2: number;
      /** Added to the square root of that mean. (more than 0; default: 1e-8) */
      readonly epsilon: number;
      /** Speed at which the momentum rises to beta1. (more than 0; default: 0.004) */
      readonly momentumDecay: number;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay: number;
      /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: false) */
      readonly decoupledDecay: boolean;
    } | {
      /** RMSProp in TensorFlow's form. */
      readonly kind: 'rmspropTf';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.01) */
      readonly learningRate: number;
      /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.9) */
      readonly decay: number;
      /** Momentum: the weight of past steps in each step. (at least 0 and less than 1; default: 0.9) */
      readonly momentum: number;
      /** Added to that mean inside the square root, as in TensorFlow. (more than 0; default: 0.001) */
      readonly epsilon: number;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay: number;
      /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: false) */
      readonly decoupledDecay: boolean;
    } | {
      /** Stochastic gradient descent with momentum. */
      readonly kind: 'sgd';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.1) */
      readonly learningRate: number;
      /** Momentum: the weight of past steps in each step. (at least 0 and less than 1; default: 0.9) */
      readonly momentum: number;
      /** Use Nesterov momentum. (default: false) */
      readonly nesterov: boolean;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay: number;
      /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: false) */
      readonly decoupledDecay: boolean;
    };
    /** Course of the learning rate. (default: {"kind":"constant","warmup":0}) */
    readonly schedule: {
      /** A constant learning rate, after the warm-up. */
      readonly kind: 'constant';
      /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup: number;
    } | {
      /** A learning rate that falls along half a cosine. */
      readonly kind: 'cosine';
      /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup: number;
      /** Final learning rate, as a fraction of the first. (at least 0 and at most 1; default: 0) */
      readonly final: number;
    } | {
      /** A learning rate that falls by a factor at regular intervals. */
      readonly kind: 'exponential';
      /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup: number;
      /** Factor of each fall. (more than 0 and at most 1; default: 0.97) */
      readonly decay: number;
      /** Epochs between two falls. (more than 0 and at most 1000000; default: 2.4) */
      readonly every: number;
      /** Falls in steps rather than smoothly. (default: true) */
      readonly staircase: boolean;
    } | {
      /** A learning rate that falls to 0 as a power of what is left of the run. */
      readonly kind: 'polynomial';
      /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup: number;
      /** Exponent; 1 is a straight line. (more than 0; default: 1) */
      readonly power: number;
    } | {
      /** A learning rate that rises to the optimizer's and falls far below it. */
      readonly kind: 'oneCycle';
      /** Fraction of the run in which it rises. (more than 0 and less than 1; default: 0.3) */
      readonly pctStart: number;
      /** First learning rate: the highest divided by this. (more than 0; default: 25) */
      readonly divFactor: number;
      /** Last learning rate: the first divided by this. (more than 0; default: 10000) */
      readonly finalDivFactor: number;
      /** Curve of the rise and the fall. (default: "cosine") */
      readonly anneal: 'cosine' | 'linear';
    } | {
      /** A learning rate that falls along half a cosine again and again. */
      readonly kind: 'cosineRestarts';
      /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup: number;
      /** Epochs of the first fall. (more than 0 and at most 1000000; default: 10) */
      readonly period: number;
      /** Length of each fall, as a multiple of the one before. (at least 1 and at most 1000000; default: 1) */
      readonly factor: number;
      /** Learning rate before a restart, as a fraction of the first. (at least 0 and at most 1; default: 0) */
      readonly final: number;
    };
    /** Decay of a moving average of the weights (default: no average). (at least 0 and less than 1) */
    readonly ema?: number | undefined;
    /** Fraction of each label that is spread evenly over all classes. (at least 0 and less than 1; default: 0) */
    readonly labelSmoothing: number;
    /** Loss of each image, by its name or with options (default: crossEntropy). */
    readonly criterion?: 'binaryCrossEntropy' | 'crossEntropy' | 'focal' | {
      /** Binary cross-entropy of each class by itself. */
      readonly kind: 'binaryCrossEntropy';
      /** Take the sum over the classes in place of their mean. (default: false) */
      readonly sumClasses: boolean;
      /** Targets above this count as 1 and others as 0; 0 leaves targets as they are. (at least 0 and less than 1; default: 0) */
      readonly targetThreshold: number;
    } | {
      /** Softmax cross-entropy. */
      readonly kind: 'crossEntropy';
    } | {
      /** Cross-entropy in which images that are right already count less. */
      readonly kind: 'focal';
      /** Exponent of 1 - p; 0 is cross-entropy. (at least 0 and at most 100; default: 2) */
      readonly gamma: number;
      /** Factor of the loss of every class. (more than 0 and at most 100; default: 1) */
      readonly alpha: number;
    } | undefined;
    /** Weight of each labelled image in the loss, by its class (default: all weigh 1). */
    readonly classWeights?: 'balanced' | 'effectiveNumber' | {
      /** By effective numbers of images. */
      readonly kind: 'effectiveNumber';
      /** Share of a new image that is new; near 1 is near balanced. (more than 0 and less than 1; default: 0.999) */
      readonly beta: number;
    } | Readonly<Record<string, number>> | undefined;
    /** Order of the labelled images: shuffled epochs, or each class equally often (default: shuffled). */
    readonly sampler?: 'shuffled' | 'balanced' | undefined;
    /** Largest global norm of the gradients (default: no clipping). (more than 0) */
    readonly clipNorm?: number | undefined;
    /** Recompute blocks in the backward pass: less memory, more time. (default: false) */
    readonly checkpointing: boolean;
    /** Number format of training; 16 bits on a GPU only, weights stay in float32. (default: "float32") */
    readonly precision: 'float32' | 'float16' | 'bfloat16';
    /** Steps that a device does in one run (default: 16 on CUDA and 1 elsewhere). (a whole number, at least 1 and at most 1024) */
    readonly stepsPerRun?: number | undefined;
    /** Noise that makes training harder than inference. */
    readonly noise: {
      /** Dropout rate before the classifier (default: the model's own). (at least 0 and less than 1) */
      readonly dropout?: number | undefined;
      /** Stochastic depth rate of the last block (default: the model's own). (at least 0 and less than 1) */
      readonly dropPath?: number | undefined;
      /** Random affine maps of the images, before all other noise (default: none). */
      readonly augment?: {
        /** Largest shift each way, in pixels. (at least 0 and at most 16384; default: 0) */
        readonly shift: number;
        /** Largest rotation, in degrees. (at least 0 and at most 180; default: 0) */
        readonly rotate: number;
        /** Largest change in size each way, as a fraction. (at least 0 and less than 1; default: 0) */
        readonly scale: number;
        /** Largest shear each way: pixels of x per pixel of y. (at least 0 and at most 100; default: 0) */
        readonly shear: number;
      } | undefined;
      /** RandAugment: random operations on the images (default: none). */
      readonly randAugment?: {
        /** Operations applied to each image. (a whole number, at least 0 and at most 100; default: 2) */
        readonly n: number;
        /** Magnitude of the operations; may exceed 10. (at least 0 and at most 1000; default: 10) */
        readonly m: number;
      } | undefined;
      /** Side of a grey square, in pixels (default: none). (a whole number, at least 1 and at most 16384) */
      readonly cutout?: number | undefined;
      /** Largest shift each way, in pixels, with mirrored borders (default: none). (a whole number, at least 1 and at most 16384) */
      readonly pad?: number | undefined;
      /** Mirror each image with probability one half (default: false). */
      readonly flip?: boolean | undefined;
      /** Erase a rectangle at a random place, after all other noise (default: none). */
      readonly randomErasing?: {
        /** Probability that an image has a rectangle erased. (at least 0 and at most 1; default: 0.5) */
        readonly p: number;
        /** Smallest and largest fraction of the area. (default: [0.02,0.33]) */
        readonly scale: readonly [number, number];
        /** Smallest and largest ratio of height to width. (default: [0.3,3.3]) */
        readonly ratio: readonly [number, number];
        /** Grey level of the rectangle, from black to white. (a whole number, at least 0 and at most 255; default: 0) */
        readonly value: number;
      } | undefined;
      /** Mixup and CutMix: images of a batch are mixed with their labels (default: none). */
      readonly mix?: {
        /** Alpha of Mixup; 0 for none. (at least 0 and at most 1000; default: 0) */
        readonly mixup: number;
        /** Alpha of CutMix; 0 for none. (at least 0 and at most 1000; default: 0) */
        readonly cutmix: number;
        /** Share of the batches, or of the images in mode elem, that are mixed. (at least 0 and at most 1; default: 1) */
        readonly prob: number;
        /** Share of CutMix where there are both. (at least 0 and at most 1; default: 0.5) */
        readonly switchProb: number;
        /** One draw for all images of a batch, or one for each. (default: "batch") */
        readonly mode: 'batch' | 'elem';
        /** Epoch, counted from 0, from which nothing is mixed any more; 0 for never. (a whole number, at least 0 and at most 1000000; default: 0) */
        readonly offEpoch: number;
      } | undefined;
      /** Part of the image to train on (default: whole for packed images and networks below 128 px, or as the model says; otherwise random). */
      readonly crop?: 'random' | 'middle' | 'whole' | 'pad' | {
        /** A random part of the image. */
        readonly kind: 'random';
        /** Smallest and largest fraction of the area. (default: [0.08,1]) */
        readonly area: readonly [number, number];
        /** Smallest and largest ratio of width to height. (default: [0.75,1.3333333333333333]) */
        readonly aspect: readonly [number, number];
      } | undefined;
    };
    /** Early stopping (default: none). */
    readonly earlyStopping?: {
      /** Consecutive evaluations without improvement after which training stops. (a whole number, at least 1 and at most 1000000000) */
      readonly patience: number;
    } | undefined;
    /** Weights to end with: the best by validation, or the last. (default: "best") */
    readonly choose: 'best' | 'last';
    /** Checkpoints to save. */
    readonly checkpoints: {
      /** Number of newest checkpoints to keep beside the best. (a whole number, at least 1 and at most 10000; default: 3) */
      readonly keepLast: number;
      /** Epochs between two checkpoints. (more than 0 and at most 1000000; default: 1) */
      readonly every: number;
    };
    /** A second phase at a larger size, in which only deep layers are trained (default: none). */
    readonly fixResolution?: {
      /** Height and width of the images, in pixels; larger than in the first phase. (a whole number, at least 1 and at most 16384) */
      readonly size: number;
      /** Epochs, passes over the labelled images, without augmentation. (more than 0 and at most 1000000; default: 1.5) */
      readonly epochs: number;
      /** Learning rate (default: a hundredth of the optimizer's). (more than 0) */
      readonly learningRate?: number | undefined;
      /** Layers or parameters that are not trained, as in `freeze` (default: the first half of the blocks). */
      readonly freeze?: readonly string[] | undefined;
    } | undefined;
  };
  /** One student per generation; keys left out are taken from the previous one. */
  readonly students: readonly ({
    /** A model file, or the name of a shipped model. */
    readonly model: string;
    /** Initial weights: 'scratch', the 'teacher' if the network is the same, or a checkpoint. (default: "scratch") */
    readonly init: string;
    /** Layers or parameters that are not trained, with everything below them (default: none). */
    readonly freeze?: readonly string[] | undefined;
    /** Height and width of the images, in pixels (default: the model's own). (a whole number, at least 1 and at most 16384) */
    readonly size?: number | undefined;
    /** Epochs, passes over the training images; set this or steps. (more than 0 and at most 1000000) */
    readonly epochs?: number | undefined;
    /** Optimizer steps; set this or epochs. (a whole number, at least 1 and at most 1000000000) */
    readonly steps?: number | undefined;
    /** Labelled images per step. (a whole number, at least 1 and at most 65536; default: 64) */
    readonly batch: number;
    /** The optimizer; the schedule starts from its learningRate. */
    readonly optimizer: {
      /** Adam-like steps whose state is a row and a column in place of each matrix. */
      readonly kind: 'adafactor';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.01) */
      readonly learningRate: number;
      /** Exponent of the step by which the mean of squared gradients forgets less and less. (at least -1 and less than 0; default: -0.8) */
      readonly beta2Decay: number;
      /** Smallest root of the mean of squared gradients. (more than 0; default: 1.1920928955078125e-7) */
      readonly epsilon1: number;
      /** Smallest root mean square of a parameter that its steps are scaled by. (more than 0; default: 0.001) */
      readonly epsilon2: number;
      /** Largest root mean square of a step before it is scaled. (more than 0; default: 1) */
      readonly clipThreshold: number;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay: number;
    } | {
      /** Adam with decoupled weight decay. */
      readonly kind: 'adamw';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.001) */
      readonly learningRate: number;
      /** Decay of the running mean of gradients. (at least 0 and less than 1; default: 0.9) */
      readonly beta1: number;
      /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
      readonly beta2: number;
      /** Added to the square root of that mean. (more than 0; default: 1e-8) */
      readonly epsilon: number;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0.01) */
      readonly weightDecay: number;
      /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: true) */
      readonly decoupledDecay: boolean;
    } | {
      /** Adam whose steps are scaled to the norm of each parameter, for large batches. */
      readonly kind: 'lamb';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.001) */
      readonly learningRate: number;
      /** Decay of the running mean of gradients. (at least 0 and less than 1; default: 0.9) */
      readonly beta1: number;
      /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
      readonly beta2: number;
      /** Added to the square root of that mean. (more than 0; default: 0.000001) */
      readonly epsilon: number;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0.01) */
      readonly weightDecay: number;
      /** Scale the steps of parameters without weight decay, too. (default: false) */
      readonly alwaysAdapt: boolean;
      /** Scale no step up: the ratio of the norms is at most 1. (default: false) */
      readonly trustClip: boolean;
    } | {
      /** Lion: steps by the sign of an average of gradients. */
      readonly kind: 'lion';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.0001) */
      readonly learningRate: number;
      /** Decay of the average whose sign is the step. (at least 0 and less than 1; default: 0.9) */
      readonly beta1: number;
      /** Decay of the average that is kept. (at least 0 and less than 1; default: 0.99) */
      readonly beta2: number;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay: number;
      /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: true) */
      readonly decoupledDecay: boolean;
    } | {
      /** Adam with Nesterov momentum. */
      readonly kind: 'nadam';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.002) */
      readonly learningRate: number;
      /** Decay of the running mean of gradients. (at least 0 and less than 1; default: 0.9) */
      readonly beta1: number;
      /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
      readonly beta2: number;
      /** Added to the square root of that mean. (more than 0; default: 1e-8) */
      readonly epsilon: number;
      /** Speed at which the momentum rises to beta1. (more than 0; default: 0.004) */
      readonly momentumDecay: number;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay: number;
      /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: false) */
      readonly decoupledDecay: boolean;
    } | {
      /** RMSProp in TensorFlow's form. */
      readonly kind: 'rmspropTf';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.01) */
      readonly learningRate: number;
      /** Decay of the running mean of squared gradients. (at least 0 and less than 1; default: 0.9) */
      readonly decay: number;
      /** Momentum: the weight of past steps in each step. (at least 0 and less than 1; default: 0.9) */
      readonly momentum: number;
      /** Added to that mean inside the square root, as in TensorFlow. (more than 0; default: 0.001) */
      readonly epsilon: number;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay: number;
      /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: false) */
      readonly decoupledDecay: boolean;
    } | {
      /** Stochastic gradient descent with momentum. */
      readonly kind: 'sgd';
      /** Learning rate, from which the schedule starts. (more than 0; default: 0.1) */
      readonly learningRate: number;
      /** Momentum: the weight of past steps in each step. (at least 0 and less than 1; default: 0.9) */
      readonly momentum: number;
      /** Use Nesterov momentum. (default: false) */
      readonly nesterov: boolean;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay: number;
      /** Decouple weight decay: shrink the parameter itself, not through the gradient. (default: false) */
      readonly decoupledDecay: boolean;
    };
    /** Course of the learning rate. (default: {"kind":"constant","warmup":0}) */
    readonly schedule: {
      /** A constant learning rate, after the warm-up. */
      readonly kind: 'constant';
      /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup: number;
    } | {
      /** A learning rate that falls along half a cosine. */
      readonly kind: 'cosine';
      /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup: number;
      /** Final learning rate, as a fraction of the first. (at least 0 and at most 1; default: 0) */
      readonly final: number;
    } | {
      /** A learning rate that falls by a factor at regular intervals. */
      readonly kind: 'exponential';
      /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup: number;
      /** Factor of each fall. (more than 0 and at most 1; default: 0.97) */
      readonly decay: number;
      /** Epochs between two falls. (more than 0 and at most 1000000; default: 2.4) */
      readonly every: number;
      /** Falls in steps rather than smoothly. (default: true) */
      readonly staircase: boolean;
    } | {
      /** A learning rate that falls to 0 as a power of what is left of the run. */
      readonly kind: 'polynomial';
      /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup: number;
      /** Exponent; 1 is a straight line. (more than 0; default: 1) */
      readonly power: number;
    } | {
      /** A learning rate that rises to the optimizer's and falls far below it. */
      readonly kind: 'oneCycle';
      /** Fraction of the run in which it rises. (more than 0 and less than 1; default: 0.3) */
      readonly pctStart: number;
      /** First learning rate: the highest divided by this. (more than 0; default: 25) */
      readonly divFactor: number;
      /** Last learning rate: the first divided by this. (more than 0; default: 10000) */
      readonly finalDivFactor: number;
      /** Curve of the rise and the fall. (default: "cosine") */
      readonly anneal: 'cosine' | 'linear';
    } | {
      /** A learning rate that falls along half a cosine again and again. */
      readonly kind: 'cosineRestarts';
      /** Epochs of warm-up, in which the learning rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup: number;
      /** Epochs of the first fall. (more than 0 and at most 1000000; default: 10) */
      readonly period: number;
      /** Length of each fall, as a multiple of the one before. (at least 1 and at most 1000000; default: 1) */
      readonly factor: number;
      /** Learning rate before a restart, as a fraction of the first. (at least 0 and at most 1; default: 0) */
      readonly final: number;
    };
    /** Decay of a moving average of the weights (default: no average). (at least 0 and less than 1) */
    readonly ema?: number | undefined;
    /** Fraction of each label that is spread evenly over all classes. (at least 0 and less than 1; default: 0) */
    readonly labelSmoothing: number;
    /** Loss of each image, by its name or with options (default: crossEntropy). */
    readonly criterion?: 'binaryCrossEntropy' | 'crossEntropy' | 'focal' | {
      /** Binary cross-entropy of each class by itself. */
      readonly kind: 'binaryCrossEntropy';
      /** Take the sum over the classes in place of their mean. (default: false) */
      readonly sumClasses: boolean;
      /** Targets above this count as 1 and others as 0; 0 leaves targets as they are. (at least 0 and less than 1; default: 0) */
      readonly targetThreshold: number;
    } | {
      /** Softmax cross-entropy. */
      readonly kind: 'crossEntropy';
    } | {
      /** Cross-entropy in which images that are right already count less. */
      readonly kind: 'focal';
      /** Exponent of 1 - p; 0 is cross-entropy. (at least 0 and at most 100; default: 2) */
      readonly gamma: number;
      /** Factor of the loss of every class. (more than 0 and at most 100; default: 1) */
      readonly alpha: number;
    } | undefined;
    /** Weight of each labelled image in the loss, by its class (default: all weigh 1). */
    readonly classWeights?: 'balanced' | 'effectiveNumber' | {
      /** By effective numbers of images. */
      readonly kind: 'effectiveNumber';
      /** Share of a new image that is new; near 1 is near balanced. (more than 0 and less than 1; default: 0.999) */
      readonly beta: number;
    } | Readonly<Record<string, number>> | undefined;
    /** Order of the labelled images: shuffled epochs, or each class equally often (default: shuffled). */
    readonly sampler?: 'shuffled' | 'balanced' | undefined;
    /** Largest global norm of the gradients (default: no clipping). (more than 0) */
    readonly clipNorm?: number | undefined;
    /** Recompute blocks in the backward pass: less memory, more time. (default: false) */
    readonly checkpointing: boolean;
    /** Number format of training; 16 bits on a GPU only, weights stay in float32. (default: "float32") */
    readonly precision: 'float32' | 'float16' | 'bfloat16';
    /** Steps that a device does in one run (default: 16 on CUDA and 1 elsewhere). (a whole number, at least 1 and at most 1024) */
    readonly stepsPerRun?: number | undefined;
    /** Noise that makes training harder than inference. */
    readonly noise: {
      /** Dropout rate before the classifier (default: the model's own). (at least 0 and less than 1) */
      readonly dropout?: number | undefined;
      /** Stochastic depth rate of the last block (default: the model's own). (at least 0 and less than 1) */
      readonly dropPath?: number | undefined;
      /** Random affine maps of the images, before all other noise (default: none). */
      readonly augment?: {
        /** Largest shift each way, in pixels. (at least 0 and at most 16384; default: 0) */
        readonly shift: number;
        /** Largest rotation, in degrees. (at least 0 and at most 180; default: 0) */
        readonly rotate: number;
        /** Largest change in size each way, as a fraction. (at least 0 and less than 1; default: 0) */
        readonly scale: number;
        /** Largest shear each way: pixels of x per pixel of y. (at least 0 and at most 100; default: 0) */
        readonly shear: number;
      } | undefined;
      /** RandAugment: random operations on the images (default: none). */
      readonly randAugment?: {
        /** Operations applied to each image. (a whole number, at least 0 and at most 100; default: 2) */
        readonly n: number;
        /** Magnitude of the operations; may exceed 10. (at least 0 and at most 1000; default: 10) */
        readonly m: number;
      } | undefined;
      /** Side of a grey square, in pixels (default: none). (a whole number, at least 1 and at most 16384) */
      readonly cutout?: number | undefined;
      /** Largest shift each way, in pixels, with mirrored borders (default: none). (a whole number, at least 1 and at most 16384) */
      readonly pad?: number | undefined;
      /** Mirror each image with probability one half (default: false). */
      readonly flip?: boolean | undefined;
      /** Erase a rectangle at a random place, after all other noise (default: none). */
      readonly randomErasing?: {
        /** Probability that an image has a rectangle erased. (at least 0 and at most 1; default: 0.5) */
        readonly p: number;
        /** Smallest and largest fraction of the area. (default: [0.02,0.33]) */
        readonly scale: readonly [number, number];
        /** Smallest and largest ratio of height to width. (default: [0.3,3.3]) */
        readonly ratio: readonly [number, number];
        /** Grey level of the rectangle, from black to white. (a whole number, at least 0 and at most 255; default: 0) */
        readonly value: number;
      } | undefined;
      /** Mixup and CutMix: images of a batch are mixed with their labels (default: none). */
      readonly mix?: {
        /** Alpha of Mixup; 0 for none. (at least 0 and at most 1000; default: 0) */
        readonly mixup: number;
        /** Alpha of CutMix; 0 for none. (at least 0 and at most 1000; default: 0) */
        readonly cutmix: number;
        /** Share of the batches, or of the images in mode elem, that are mixed. (at least 0 and at most 1; default: 1) */
        readonly prob: number;
        /** Share of CutMix where there are both. (at least 0 and at most 1; default: 0.5) */
        readonly switchProb: number;
        /** One draw for all images of a batch, or one for each. (default: "batch") */
        readonly mode: 'batch' | 'elem';
        /** Epoch, counted from 0, from which nothing is mixed any more; 0 for never. (a whole number, at least 0 and at most 1000000; default: 0) */
        readonly offEpoch: number;
      } | undefined;
      /** Part of the image to train on (default: whole for packed images and networks below 128 px, or as the model says; otherwise random). */
      readonly crop?: 'random' | 'middle' | 'whole' | 'pad' | {
        /** A random part of the image. */
        readonly kind: 'random';
        /** Smallest and largest fraction of the area. (default: [0.08,1]) */
        readonly area: readonly [number, number];
        /** Smallest and largest ratio of width to height. (default: [0.75,1.3333333333333333]) */
        readonly aspect: readonly [number, number];
      } | undefined;
    };
    /** Early stopping (default: none). */
    readonly earlyStopping?: {
      /** Consecutive evaluations without improvement after which training stops. (a whole number, at least 1 and at most 1000000000) */
      readonly patience: number;
    } | undefined;
    /** Weights to end with: the best by validation, or the last. (default: "best") */
    readonly choose: 'best' | 'last';
    /** Checkpoints to save. */
    readonly checkpoints: {
      /** Number of newest checkpoints to keep beside the best. (a whole number, at least 1 and at most 10000; default: 3) */
      readonly keepLast: number;
      /** Epochs between two checkpoints. (more than 0 and at most 1000000; default: 1) */
      readonly every: number;
    };
    /** A second phase at a larger size, in which only deep layers are trained (default: none). */
    readonly fixResolution?: {
      /** Height and width of the images, in pixels; larger than in the first phase. (a whole number, at least 1 and at most 16384) */
      readonly size: number;
      /** Epochs, passes over the labelled images, without augmentation. (more than 0 and at most 1000000; default: 1.5) */
      readonly epochs: number;
      /** Learning rate (default: a hundredth of the optimizer's). (more than 0) */
      readonly learningRate?: number | undefined;
      /** Layers or parameters that are not trained, as in `freeze` (default: the first half of the blocks). */
      readonly freeze?: readonly string[] | undefined;
    } | undefined;
    /** Pseudo-labelled images per labelled image in a step. (more than 0 and at most 10000; default: 1) */
    readonly ratio: number;
    /** Selection of the pseudo-labels that this generation learns from. */
    readonly labels: {
      /** Soft: the teacher's probabilities; hard: its most probable class alone. (default: "soft") */
      readonly kind: 'soft' | 'hard';
      /** Smallest confidence of a label to keep. (at least 0 and at most 1; default: 0.3) */
      readonly threshold: number;
      /** Images per class, copies included (default: no limit and no copies). (a whole number, at least 1 and at most 1000000000) */
      readonly perClass?: number | undefined;
      /** How a class is cut to perClass: exact, as in the paper, or on a grid of thresholds, as in its code. (default: "exact") */
      readonly cap: 'exact' | 'grid';
      /** Maximum copies of an image (default: no limit). (a whole number, at least 1 and at most 1000000) */
      readonly maxCopies?: number | undefined;
      /** Temperature of soft labels: p^(1/T), renormalised; below 1 they become sharper. (more than 0; default: 1) */
      readonly temperature: number;
      /** Number of the largest probabilities to store (default: all). (a whole number, at least 1 and at most 65536) */
      readonly topK?: number | undefined;
      /** A CSV with the columns image and class: corrections of single labels by a person. */
      readonly corrections?: string | undefined;
      /** Label each image's clean copy while the student trains, and store no labels. (default: false) */
      readonly onTheFly: boolean;
      /** Stop if the audit gives a warning. (default: false) */
      readonly strict: boolean;
      /** Continue if no image of a class is kept. (default: false) */
      readonly allowEmpty: boolean;
    };
    /** Loss: the mean over all images, as in the paper, or the published code's sum of means. (default: "mean") */
    readonly loss: 'mean' | 'sumOfMeans';
  })[];
  /** Also train the first student on labels alone, with the same number of steps and images. (default: false) */
  readonly control: boolean;
  /** Labelling by a teacher. */
  readonly labelling: {
    /** Images to label at a time. (a whole number, at least 1 and at most 65536; default: 100) */
    readonly batch: number;
    /** Number format of labelling: float16 on a GPU that supports it. (default: "float32") */
    readonly precision: 'float32' | 'float16';
    /** Number of label files (default: one per 20,000 images). (a whole number, at least 1 and at most 100000) */
    readonly shards?: number | undefined;
  };
}
