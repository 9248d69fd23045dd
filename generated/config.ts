// Made by `npm run generate` from schemas/; never edited.
/** Keys as a user writes them; `Optimizer` is what an optimizer's function returns. */
export interface WrittenTraining<Model, Optimizer> {
  /** For editors. */
  readonly $schema?: string | undefined;
  /** Names the folder runs/<name>: letters, digits, dots, dashes and underscores. */
  readonly name: string;
  /** Seed of initial values, order and noise. (a whole number, at least 0 and at most 4294967295; default: 1) */
  readonly seed?: number | undefined;
  /** What the best checkpoint is judged on; never the test set. */
  readonly validation?: {
    /** Part of the labelled images, held out. (more than 0 and at most 0.5; default: 0.1) */
    readonly share?: number | undefined;
    /** Epochs between two evaluations. (more than 0 and at most 1000000; default: 1) */
    readonly every?: number | undefined;
  } | undefined;
  /** Threads of one operator; onnxruntime's choice if missing. (a whole number, at least 1 and at most 1024) */
  readonly threads?: number | undefined;
  /** Where the network runs. (default: "auto") */
  readonly device?: 'auto' | 'cpu' | 'webgpu' | 'cuda' | undefined;
  /** A model file, or the name of a shipped model. */
  readonly model: Model;
  /** A checkpoint or run whose weights to start from; from scratch if missing. */
  readonly init?: string | undefined;
  /** Layers or parameters that are not trained, with all below them; none if missing. */
  readonly freeze?: readonly string[] | undefined;
  /** Height and width of the images, in pixels; the model's own if missing. (a whole number, at least 1 and at most 16384) */
  readonly size?: number | undefined;
  /** Passes over the training images; give this or steps. (more than 0 and at most 1000000) */
  readonly epochs?: number | undefined;
  /** Optimizer steps; give this or epochs. (a whole number, at least 1 and at most 1000000000) */
  readonly steps?: number | undefined;
  /** Labelled images a step. (a whole number, at least 1 and at most 65536; default: 64) */
  readonly batch?: number | undefined;
  /** The optimizer; its learningRate is what the schedule starts from. */
  readonly optimizer: {
    /** Adam with decoupled weight decay. */
    readonly kind: 'adamw';
    /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.001) */
    readonly learningRate?: number | undefined;
    /** Weight of the past in the mean of gradients. (at least 0 and less than 1; default: 0.9) */
    readonly beta1?: number | undefined;
    /** Weight of the past in the mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
    readonly beta2?: number | undefined;
    /** Added to the root of that mean. (more than 0; default: 1e-8) */
    readonly epsilon?: number | undefined;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0.01) */
    readonly weightDecay?: number | undefined;
    /** Shrinks the parameter itself, not through the gradient. (default: true) */
    readonly decoupledDecay?: boolean | undefined;
  } | {
    /** Steps by the sign of an average of gradients. */
    readonly kind: 'lion';
    /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.0001) */
    readonly learningRate?: number | undefined;
    /** Weight of the past in the average whose sign is the step. (at least 0 and less than 1; default: 0.9) */
    readonly beta1?: number | undefined;
    /** Weight of the past in the average that is kept. (at least 0 and less than 1; default: 0.99) */
    readonly beta2?: number | undefined;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
    readonly weightDecay?: number | undefined;
    /** Shrinks the parameter itself, not through the gradient. (default: true) */
    readonly decoupledDecay?: boolean | undefined;
  } | {
    /** RMSProp in TensorFlow's form. */
    readonly kind: 'rmspropTf';
    /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.01) */
    readonly learningRate?: number | undefined;
    /** Weight of the past in the mean of squared gradients. (at least 0 and less than 1; default: 0.9) */
    readonly decay?: number | undefined;
    /** Weight of the past steps in each step. (at least 0 and less than 1; default: 0.9) */
    readonly momentum?: number | undefined;
    /** Added to that mean inside the root, as in TensorFlow. (more than 0; default: 0.001) */
    readonly epsilon?: number | undefined;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
    readonly weightDecay?: number | undefined;
    /** Shrinks the parameter itself, not through the gradient. (default: false) */
    readonly decoupledDecay?: boolean | undefined;
  } | {
    /** Stochastic gradient descent with momentum. */
    readonly kind: 'sgd';
    /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.1) */
    readonly learningRate?: number | undefined;
    /** Weight of the past steps in each step. (at least 0 and less than 1; default: 0.9) */
    readonly momentum?: number | undefined;
    /** Nesterov's form of the momentum. (default: false) */
    readonly nesterov?: boolean | undefined;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
    readonly weightDecay?: number | undefined;
    /** Shrinks the parameter itself, not through the gradient. (default: false) */
    readonly decoupledDecay?: boolean | undefined;
  } | Optimizer;
  /** How the learning rate changes. (default: {"kind":"constant","warmup":0}) */
  readonly schedule?: {
    /** The same learning rate throughout, after the warm-up. */
    readonly kind: 'constant';
    /** Epochs in which the rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
    readonly warmup?: number | undefined;
  } | {
    /** A learning rate that falls as half a cosine. */
    readonly kind: 'cosine';
    /** Epochs in which the rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
    readonly warmup?: number | undefined;
    /** The last learning rate, as a share of the first. (at least 0 and at most 1; default: 0) */
    readonly final?: number | undefined;
  } | {
    /** A learning rate that falls by a factor, again and again. */
    readonly kind: 'exponential';
    /** Epochs in which the rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
    readonly warmup?: number | undefined;
    /** Factor of each fall. (more than 0 and at most 1; default: 0.97) */
    readonly decay?: number | undefined;
    /** Epochs between two falls. (more than 0 and at most 1000000; default: 2.4) */
    readonly every?: number | undefined;
    /** Falls in steps, not smoothly. (default: true) */
    readonly staircase?: boolean | undefined;
  } | undefined;
  /** Decay of a moving average of the weights; no average if missing. (at least 0 and less than 1) */
  readonly ema?: number | undefined;
  /** Share of each label that is spread evenly over all classes. (at least 0 and less than 1; default: 0) */
  readonly labelSmoothing?: number | undefined;
  /** Largest global norm of the gradients; no clipping if missing. (more than 0) */
  readonly clipNorm?: number | undefined;
  /** Computes blocks again in the backward pass: less memory, more time. (default: false) */
  readonly checkpointing?: boolean | undefined;
  /** What training computes in; 16 bits on a GPU only, weights stay in float32. (default: "float32") */
  readonly precision?: 'float32' | 'float16' | 'bfloat16' | undefined;
  /** Steps that a device does in one run; 16 on CUDA and 1 elsewhere, if missing. (a whole number, at least 1 and at most 1024) */
  readonly stepsPerRun?: number | undefined;
  /** What makes training harder than inference. */
  readonly noise?: {
    /** Before the classifier; the model's own if missing. (at least 0 and less than 1) */
    readonly dropout?: number | undefined;
    /** Stochastic depth of the last block; the model's own if missing. (at least 0 and less than 1) */
    readonly dropPath?: number | undefined;
    /** Random affine maps of the images, before all else; none if missing. */
    readonly augment?: {
      /** Largest shift each way, in pixels. (at least 0 and at most 16384; default: 0) */
      readonly shift?: number | undefined;
      /** Largest rotation, in degrees. (at least 0 and at most 180; default: 0) */
      readonly rotate?: number | undefined;
      /** Share by which the size changes each way. (at least 0 and less than 1; default: 0) */
      readonly scale?: number | undefined;
      /** Pixels of x a pixel of y, each way. (at least 0 and at most 100; default: 0) */
      readonly shear?: number | undefined;
    } | undefined;
    /** Random operations on the images; none if missing. */
    readonly randAugment?: {
      /** Operations applied to each image. (a whole number, at least 0 and at most 100; default: 2) */
      readonly n?: number | undefined;
      /** Their magnitude; 10 is not its end. (at least 0 and at most 1000; default: 10) */
      readonly m?: number | undefined;
    } | undefined;
    /** Side of a grey square, in pixels; none if missing. (a whole number, at least 1 and at most 16384) */
    readonly cutout?: number | undefined;
    /** Largest shift each way, in pixels, with mirrored borders; none if missing. (a whole number, at least 1 and at most 16384) */
    readonly pad?: number | undefined;
    /** Whether every other image is mirrored; not if missing. */
    readonly flip?: boolean | undefined;
    /** A rectangle of one level at a random place, after all else; none if missing. */
    readonly randomErasing?: {
      /** Share of the images in which something is erased. (at least 0 and at most 1; default: 0.5) */
      readonly p?: number | undefined;
      /** Smallest and largest share of the area. (default: [0.02,0.33]) */
      readonly scale?: readonly [number, number] | undefined;
      /** Smallest and largest height over width. (default: [0.3,3.3]) */
      readonly ratio?: readonly [number, number] | undefined;
      /** Level that is painted, from black to white. (a whole number, at least 0 and at most 255; default: 0) */
      readonly value?: number | undefined;
    } | undefined;
    /** What is taken of an image; whole for packed images and networks below 128 px (or as the model says), else random, if missing. */
    readonly crop?: 'random' | 'middle' | 'whole' | 'pad' | {
      /** A random part of the image. */
      readonly kind: 'random';
      /** Smallest and largest share of the area. (default: [0.08,1]) */
      readonly area?: readonly [number, number] | undefined;
      /** Smallest and largest width over height. (default: [0.75,1.3333333333333333]) */
      readonly aspect?: readonly [number, number] | undefined;
    } | undefined;
  } | undefined;
  /** Ends the training before its last step; never if missing. */
  readonly earlyStopping?: {
    /** Evaluations in a row without a better one that end the training. (a whole number, at least 1 and at most 1000000000) */
    readonly patience: number;
  } | undefined;
  /** Which weights it ends with: the best by validation, or the last. (default: "best") */
  readonly choose?: 'best' | 'last' | undefined;
  /** When states are saved. */
  readonly checkpoints?: {
    /** Newest checkpoints kept beside the best. (a whole number, at least 1 and at most 10000; default: 3) */
    readonly keepLast?: number | undefined;
    /** Epochs between two checkpoints. (more than 0 and at most 1000000; default: 1) */
    readonly every?: number | undefined;
  } | undefined;
  /** A second phase at a larger size, in which deep layers alone learn; none if missing. */
  readonly fixResolution?: {
    /** Height and width of the images, in pixels; larger than before. (a whole number, at least 1 and at most 16384) */
    readonly size: number;
    /** Passes over the labelled images, un-augmented. (more than 0 and at most 1000000; default: 1.5) */
    readonly epochs?: number | undefined;
    /** A hundredth of the optimizer's if missing. (more than 0) */
    readonly learningRate?: number | undefined;
    /** What is not trained, as `freeze`; the first half of the blocks if missing. */
    readonly freeze?: readonly string[] | undefined;
  } | undefined;
  /** The data set. */
  readonly data: {
    /** Sets of images. */
    readonly kind?: 'images' | undefined;
    /** Images with classes: a folder, a list or a split of `gradus data`; see above. */
    readonly labelled: string;
    /** Images without; `gradus train` does not look at them. */
    readonly unlabelled?: string | undefined;
    /** Images with classes, read once, at the end; no test if missing. */
    readonly test?: string | undefined;
    /** Images that may be unreadable; more of them stop the run. (a whole number, at least 0 and at most 1000000000; default: 100) */
    readonly unreadable?: number | undefined;
    /** How files are decoded for training: fast lets large JPEG and WebP shrink meanwhile, exact takes every pixel, as evaluation always does. (default: "fast") */
    readonly decode?: 'fast' | 'exact' | undefined;
  } | {
    /** Handwritten digits. */
    readonly kind: 'mnist';
    /** What `gradus data mnist DIR` wrote; the installed package mnist if missing. */
    readonly folder?: string | undefined;
    /** Digits to train on; all but the test set if missing. (a whole number, at least 1 and at most 1000000000) */
    readonly labelled?: number | undefined;
    /** Digits held out for the test. (a whole number, at least 1 and at most 1000000000; default: 2000) */
    readonly test?: number | undefined;
  };
  /** Number of classes; the data set's if missing. (a whole number, at least 2 and at most 65536) */
  readonly classes?: number | undefined;
}

/** A config with its defaults filled in. */
export interface TrainingConfig {
  /** For editors. */
  readonly $schema?: string | undefined;
  /** Names the folder runs/<name>: letters, digits, dots, dashes and underscores. */
  readonly name: string;
  /** Seed of initial values, order and noise. (a whole number, at least 0 and at most 4294967295; default: 1) */
  readonly seed: number;
  /** What the best checkpoint is judged on; never the test set. */
  readonly validation: {
    /** Part of the labelled images, held out. (more than 0 and at most 0.5; default: 0.1) */
    readonly share: number;
    /** Epochs between two evaluations. (more than 0 and at most 1000000; default: 1) */
    readonly every: number;
  };
  /** Threads of one operator; onnxruntime's choice if missing. (a whole number, at least 1 and at most 1024) */
  readonly threads?: number | undefined;
  /** Where the network runs. (default: "auto") */
  readonly device: 'auto' | 'cpu' | 'webgpu' | 'cuda';
  /** A model file, or the name of a shipped model. */
  readonly model: string;
  /** A checkpoint or run whose weights to start from; from scratch if missing. */
  readonly init?: string | undefined;
  /** Layers or parameters that are not trained, with all below them; none if missing. */
  readonly freeze?: readonly string[] | undefined;
  /** Height and width of the images, in pixels; the model's own if missing. (a whole number, at least 1 and at most 16384) */
  readonly size?: number | undefined;
  /** Passes over the training images; give this or steps. (more than 0 and at most 1000000) */
  readonly epochs?: number | undefined;
  /** Optimizer steps; give this or epochs. (a whole number, at least 1 and at most 1000000000) */
  readonly steps?: number | undefined;
  /** Labelled images a step. (a whole number, at least 1 and at most 65536; default: 64) */
  readonly batch: number;
  /** The optimizer; its learningRate is what the schedule starts from. */
  readonly optimizer: {
    /** Adam with decoupled weight decay. */
    readonly kind: 'adamw';
    /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.001) */
    readonly learningRate: number;
    /** Weight of the past in the mean of gradients. (at least 0 and less than 1; default: 0.9) */
    readonly beta1: number;
    /** Weight of the past in the mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
    readonly beta2: number;
    /** Added to the root of that mean. (more than 0; default: 1e-8) */
    readonly epsilon: number;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0.01) */
    readonly weightDecay: number;
    /** Shrinks the parameter itself, not through the gradient. (default: true) */
    readonly decoupledDecay: boolean;
  } | {
    /** Steps by the sign of an average of gradients. */
    readonly kind: 'lion';
    /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.0001) */
    readonly learningRate: number;
    /** Weight of the past in the average whose sign is the step. (at least 0 and less than 1; default: 0.9) */
    readonly beta1: number;
    /** Weight of the past in the average that is kept. (at least 0 and less than 1; default: 0.99) */
    readonly beta2: number;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
    readonly weightDecay: number;
    /** Shrinks the parameter itself, not through the gradient. (default: true) */
    readonly decoupledDecay: boolean;
  } | {
    /** RMSProp in TensorFlow's form. */
    readonly kind: 'rmspropTf';
    /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.01) */
    readonly learningRate: number;
    /** Weight of the past in the mean of squared gradients. (at least 0 and less than 1; default: 0.9) */
    readonly decay: number;
    /** Weight of the past steps in each step. (at least 0 and less than 1; default: 0.9) */
    readonly momentum: number;
    /** Added to that mean inside the root, as in TensorFlow. (more than 0; default: 0.001) */
    readonly epsilon: number;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
    readonly weightDecay: number;
    /** Shrinks the parameter itself, not through the gradient. (default: false) */
    readonly decoupledDecay: boolean;
  } | {
    /** Stochastic gradient descent with momentum. */
    readonly kind: 'sgd';
    /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.1) */
    readonly learningRate: number;
    /** Weight of the past steps in each step. (at least 0 and less than 1; default: 0.9) */
    readonly momentum: number;
    /** Nesterov's form of the momentum. (default: false) */
    readonly nesterov: boolean;
    /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
    readonly weightDecay: number;
    /** Shrinks the parameter itself, not through the gradient. (default: false) */
    readonly decoupledDecay: boolean;
  };
  /** How the learning rate changes. (default: {"kind":"constant","warmup":0}) */
  readonly schedule: {
    /** The same learning rate throughout, after the warm-up. */
    readonly kind: 'constant';
    /** Epochs in which the rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
    readonly warmup: number;
  } | {
    /** A learning rate that falls as half a cosine. */
    readonly kind: 'cosine';
    /** Epochs in which the rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
    readonly warmup: number;
    /** The last learning rate, as a share of the first. (at least 0 and at most 1; default: 0) */
    readonly final: number;
  } | {
    /** A learning rate that falls by a factor, again and again. */
    readonly kind: 'exponential';
    /** Epochs in which the rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
    readonly warmup: number;
    /** Factor of each fall. (more than 0 and at most 1; default: 0.97) */
    readonly decay: number;
    /** Epochs between two falls. (more than 0 and at most 1000000; default: 2.4) */
    readonly every: number;
    /** Falls in steps, not smoothly. (default: true) */
    readonly staircase: boolean;
  };
  /** Decay of a moving average of the weights; no average if missing. (at least 0 and less than 1) */
  readonly ema?: number | undefined;
  /** Share of each label that is spread evenly over all classes. (at least 0 and less than 1; default: 0) */
  readonly labelSmoothing: number;
  /** Largest global norm of the gradients; no clipping if missing. (more than 0) */
  readonly clipNorm?: number | undefined;
  /** Computes blocks again in the backward pass: less memory, more time. (default: false) */
  readonly checkpointing: boolean;
  /** What training computes in; 16 bits on a GPU only, weights stay in float32. (default: "float32") */
  readonly precision: 'float32' | 'float16' | 'bfloat16';
  /** Steps that a device does in one run; 16 on CUDA and 1 elsewhere, if missing. (a whole number, at least 1 and at most 1024) */
  readonly stepsPerRun?: number | undefined;
  /** What makes training harder than inference. */
  readonly noise: {
    /** Before the classifier; the model's own if missing. (at least 0 and less than 1) */
    readonly dropout?: number | undefined;
    /** Stochastic depth of the last block; the model's own if missing. (at least 0 and less than 1) */
    readonly dropPath?: number | undefined;
    /** Random affine maps of the images, before all else; none if missing. */
    readonly augment?: {
      /** Largest shift each way, in pixels. (at least 0 and at most 16384; default: 0) */
      readonly shift: number;
      /** Largest rotation, in degrees. (at least 0 and at most 180; default: 0) */
      readonly rotate: number;
      /** Share by which the size changes each way. (at least 0 and less than 1; default: 0) */
      readonly scale: number;
      /** Pixels of x a pixel of y, each way. (at least 0 and at most 100; default: 0) */
      readonly shear: number;
    } | undefined;
    /** Random operations on the images; none if missing. */
    readonly randAugment?: {
      /** Operations applied to each image. (a whole number, at least 0 and at most 100; default: 2) */
      readonly n: number;
      /** Their magnitude; 10 is not its end. (at least 0 and at most 1000; default: 10) */
      readonly m: number;
    } | undefined;
    /** Side of a grey square, in pixels; none if missing. (a whole number, at least 1 and at most 16384) */
    readonly cutout?: number | undefined;
    /** Largest shift each way, in pixels, with mirrored borders; none if missing. (a whole number, at least 1 and at most 16384) */
    readonly pad?: number | undefined;
    /** Whether every other image is mirrored; not if missing. */
    readonly flip?: boolean | undefined;
    /** A rectangle of one level at a random place, after all else; none if missing. */
    readonly randomErasing?: {
      /** Share of the images in which something is erased. (at least 0 and at most 1; default: 0.5) */
      readonly p: number;
      /** Smallest and largest share of the area. (default: [0.02,0.33]) */
      readonly scale: readonly [number, number];
      /** Smallest and largest height over width. (default: [0.3,3.3]) */
      readonly ratio: readonly [number, number];
      /** Level that is painted, from black to white. (a whole number, at least 0 and at most 255; default: 0) */
      readonly value: number;
    } | undefined;
    /** What is taken of an image; whole for packed images and networks below 128 px (or as the model says), else random, if missing. */
    readonly crop?: 'random' | 'middle' | 'whole' | 'pad' | {
      /** A random part of the image. */
      readonly kind: 'random';
      /** Smallest and largest share of the area. (default: [0.08,1]) */
      readonly area: readonly [number, number];
      /** Smallest and largest width over height. (default: [0.75,1.3333333333333333]) */
      readonly aspect: readonly [number, number];
    } | undefined;
  };
  /** Ends the training before its last step; never if missing. */
  readonly earlyStopping?: {
    /** Evaluations in a row without a better one that end the training. (a whole number, at least 1 and at most 1000000000) */
    readonly patience: number;
  } | undefined;
  /** Which weights it ends with: the best by validation, or the last. (default: "best") */
  readonly choose: 'best' | 'last';
  /** When states are saved. */
  readonly checkpoints: {
    /** Newest checkpoints kept beside the best. (a whole number, at least 1 and at most 10000; default: 3) */
    readonly keepLast: number;
    /** Epochs between two checkpoints. (more than 0 and at most 1000000; default: 1) */
    readonly every: number;
  };
  /** A second phase at a larger size, in which deep layers alone learn; none if missing. */
  readonly fixResolution?: {
    /** Height and width of the images, in pixels; larger than before. (a whole number, at least 1 and at most 16384) */
    readonly size: number;
    /** Passes over the labelled images, un-augmented. (more than 0 and at most 1000000; default: 1.5) */
    readonly epochs: number;
    /** A hundredth of the optimizer's if missing. (more than 0) */
    readonly learningRate?: number | undefined;
    /** What is not trained, as `freeze`; the first half of the blocks if missing. */
    readonly freeze?: readonly string[] | undefined;
  } | undefined;
  /** The data set. */
  readonly data: {
    /** Sets of images. */
    readonly kind?: 'images' | undefined;
    /** Images with classes: a folder, a list or a split of `gradus data`; see above. */
    readonly labelled: string;
    /** Images without; `gradus train` does not look at them. */
    readonly unlabelled?: string | undefined;
    /** Images with classes, read once, at the end; no test if missing. */
    readonly test?: string | undefined;
    /** Images that may be unreadable; more of them stop the run. (a whole number, at least 0 and at most 1000000000; default: 100) */
    readonly unreadable: number;
    /** How files are decoded for training: fast lets large JPEG and WebP shrink meanwhile, exact takes every pixel, as evaluation always does. (default: "fast") */
    readonly decode: 'fast' | 'exact';
  } | {
    /** Handwritten digits. */
    readonly kind: 'mnist';
    /** What `gradus data mnist DIR` wrote; the installed package mnist if missing. */
    readonly folder?: string | undefined;
    /** Digits to train on; all but the test set if missing. (a whole number, at least 1 and at most 1000000000) */
    readonly labelled?: number | undefined;
    /** Digits held out for the test. (a whole number, at least 1 and at most 1000000000; default: 2000) */
    readonly test: number;
  };
  /** Number of classes; the data set's if missing. (a whole number, at least 2 and at most 65536) */
  readonly classes?: number | undefined;
}

/** Keys as a user writes them; `Optimizer` is what an optimizer's function returns. */
export interface WrittenSelfTraining<Model, Optimizer> {
  /** For editors. */
  readonly $schema?: string | undefined;
  /** Names the folder runs/<name>: letters, digits, dots, dashes and underscores. */
  readonly name: string;
  /** Seed of initial values, order and noise. (a whole number, at least 0 and at most 4294967295; default: 1) */
  readonly seed?: number | undefined;
  /** What the best checkpoint is judged on; never the test set. */
  readonly validation?: {
    /** Part of the labelled images, held out. (more than 0 and at most 0.5; default: 0.1) */
    readonly share?: number | undefined;
    /** Epochs between two evaluations. (more than 0 and at most 1000000; default: 1) */
    readonly every?: number | undefined;
  } | undefined;
  /** Threads of one operator; onnxruntime's choice if missing. (a whole number, at least 1 and at most 1024) */
  readonly threads?: number | undefined;
  /** Where the network runs. (default: "auto") */
  readonly device?: 'auto' | 'cpu' | 'webgpu' | 'cuda' | undefined;
  /** The data sets. */
  readonly data: {
    /** Images with classes: a folder, a list or a packed set. */
    readonly labelled: string;
    /** Images without. */
    readonly unlabelled: string;
    /** Images with classes, read once, at the end. */
    readonly test: string;
    /** Images that may be unreadable; more of them stop the run. (a whole number, at least 0 and at most 1000000000; default: 100) */
    readonly unreadable?: number | undefined;
    /** How files are decoded for training: fast lets large JPEG and WebP shrink meanwhile, exact takes every pixel, as evaluation always does. (default: "fast") */
    readonly decode?: 'fast' | 'exact' | undefined;
  };
  /** The first network. */
  readonly teacher: {
    /** A model file, or the name of a shipped model. */
    readonly model: Model;
    /** A checkpoint or run whose weights to start from; from scratch if missing. */
    readonly init?: string | undefined;
    /** Layers or parameters that are not trained, with all below them; none if missing. */
    readonly freeze?: readonly string[] | undefined;
    /** Height and width of the images, in pixels; the model's own if missing. (a whole number, at least 1 and at most 16384) */
    readonly size?: number | undefined;
    /** Passes over the training images; give this or steps. (more than 0 and at most 1000000) */
    readonly epochs?: number | undefined;
    /** Optimizer steps; give this or epochs. (a whole number, at least 1 and at most 1000000000) */
    readonly steps?: number | undefined;
    /** Labelled images a step. (a whole number, at least 1 and at most 65536; default: 64) */
    readonly batch?: number | undefined;
    /** The optimizer; its learningRate is what the schedule starts from. */
    readonly optimizer: {
      /** Adam with decoupled weight decay. */
      readonly kind: 'adamw';
      /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.001) */
      readonly learningRate?: number | undefined;
      /** Weight of the past in the mean of gradients. (at least 0 and less than 1; default: 0.9) */
      readonly beta1?: number | undefined;
      /** Weight of the past in the mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
      readonly beta2?: number | undefined;
      /** Added to the root of that mean. (more than 0; default: 1e-8) */
      readonly epsilon?: number | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0.01) */
      readonly weightDecay?: number | undefined;
      /** Shrinks the parameter itself, not through the gradient. (default: true) */
      readonly decoupledDecay?: boolean | undefined;
    } | {
      /** Steps by the sign of an average of gradients. */
      readonly kind: 'lion';
      /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.0001) */
      readonly learningRate?: number | undefined;
      /** Weight of the past in the average whose sign is the step. (at least 0 and less than 1; default: 0.9) */
      readonly beta1?: number | undefined;
      /** Weight of the past in the average that is kept. (at least 0 and less than 1; default: 0.99) */
      readonly beta2?: number | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay?: number | undefined;
      /** Shrinks the parameter itself, not through the gradient. (default: true) */
      readonly decoupledDecay?: boolean | undefined;
    } | {
      /** RMSProp in TensorFlow's form. */
      readonly kind: 'rmspropTf';
      /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.01) */
      readonly learningRate?: number | undefined;
      /** Weight of the past in the mean of squared gradients. (at least 0 and less than 1; default: 0.9) */
      readonly decay?: number | undefined;
      /** Weight of the past steps in each step. (at least 0 and less than 1; default: 0.9) */
      readonly momentum?: number | undefined;
      /** Added to that mean inside the root, as in TensorFlow. (more than 0; default: 0.001) */
      readonly epsilon?: number | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay?: number | undefined;
      /** Shrinks the parameter itself, not through the gradient. (default: false) */
      readonly decoupledDecay?: boolean | undefined;
    } | {
      /** Stochastic gradient descent with momentum. */
      readonly kind: 'sgd';
      /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.1) */
      readonly learningRate?: number | undefined;
      /** Weight of the past steps in each step. (at least 0 and less than 1; default: 0.9) */
      readonly momentum?: number | undefined;
      /** Nesterov's form of the momentum. (default: false) */
      readonly nesterov?: boolean | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay?: number | undefined;
      /** Shrinks the parameter itself, not through the gradient. (default: false) */
      readonly decoupledDecay?: boolean | undefined;
    } | Optimizer;
    /** How the learning rate changes. (default: {"kind":"constant","warmup":0}) */
    readonly schedule?: {
      /** The same learning rate throughout, after the warm-up. */
      readonly kind: 'constant';
      /** Epochs in which the rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup?: number | undefined;
    } | {
      /** A learning rate that falls as half a cosine. */
      readonly kind: 'cosine';
      /** Epochs in which the rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup?: number | undefined;
      /** The last learning rate, as a share of the first. (at least 0 and at most 1; default: 0) */
      readonly final?: number | undefined;
    } | {
      /** A learning rate that falls by a factor, again and again. */
      readonly kind: 'exponential';
      /** Epochs in which the rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup?: number | undefined;
      /** Factor of each fall. (more than 0 and at most 1; default: 0.97) */
      readonly decay?: number | undefined;
      /** Epochs between two falls. (more than 0 and at most 1000000; default: 2.4) */
      readonly every?: number | undefined;
      /** Falls in steps, not smoothly. (default: true) */
      readonly staircase?: boolean | undefined;
    } | undefined;
    /** Decay of a moving average of the weights; no average if missing. (at least 0 and less than 1) */
    readonly ema?: number | undefined;
    /** Share of each label that is spread evenly over all classes. (at least 0 and less than 1; default: 0) */
    readonly labelSmoothing?: number | undefined;
    /** Largest global norm of the gradients; no clipping if missing. (more than 0) */
    readonly clipNorm?: number | undefined;
    /** Computes blocks again in the backward pass: less memory, more time. (default: false) */
    readonly checkpointing?: boolean | undefined;
    /** What training computes in; 16 bits on a GPU only, weights stay in float32. (default: "float32") */
    readonly precision?: 'float32' | 'float16' | 'bfloat16' | undefined;
    /** Steps that a device does in one run; 16 on CUDA and 1 elsewhere, if missing. (a whole number, at least 1 and at most 1024) */
    readonly stepsPerRun?: number | undefined;
    /** What makes training harder than inference. */
    readonly noise?: {
      /** Before the classifier; the model's own if missing. (at least 0 and less than 1) */
      readonly dropout?: number | undefined;
      /** Stochastic depth of the last block; the model's own if missing. (at least 0 and less than 1) */
      readonly dropPath?: number | undefined;
      /** Random affine maps of the images, before all else; none if missing. */
      readonly augment?: {
        /** Largest shift each way, in pixels. (at least 0 and at most 16384; default: 0) */
        readonly shift?: number | undefined;
        /** Largest rotation, in degrees. (at least 0 and at most 180; default: 0) */
        readonly rotate?: number | undefined;
        /** Share by which the size changes each way. (at least 0 and less than 1; default: 0) */
        readonly scale?: number | undefined;
        /** Pixels of x a pixel of y, each way. (at least 0 and at most 100; default: 0) */
        readonly shear?: number | undefined;
      } | undefined;
      /** Random operations on the images; none if missing. */
      readonly randAugment?: {
        /** Operations applied to each image. (a whole number, at least 0 and at most 100; default: 2) */
        readonly n?: number | undefined;
        /** Their magnitude; 10 is not its end. (at least 0 and at most 1000; default: 10) */
        readonly m?: number | undefined;
      } | undefined;
      /** Side of a grey square, in pixels; none if missing. (a whole number, at least 1 and at most 16384) */
      readonly cutout?: number | undefined;
      /** Largest shift each way, in pixels, with mirrored borders; none if missing. (a whole number, at least 1 and at most 16384) */
      readonly pad?: number | undefined;
      /** Whether every other image is mirrored; not if missing. */
      readonly flip?: boolean | undefined;
      /** A rectangle of one level at a random place, after all else; none if missing. */
      readonly randomErasing?: {
        /** Share of the images in which something is erased. (at least 0 and at most 1; default: 0.5) */
        readonly p?: number | undefined;
        /** Smallest and largest share of the area. (default: [0.02,0.33]) */
        readonly scale?: readonly [number, number] | undefined;
        /** Smallest and largest height over width. (default: [0.3,3.3]) */
        readonly ratio?: readonly [number, number] | undefined;
        /** Level that is painted, from black to white. (a whole number, at least 0 and at most 255; default: 0) */
        readonly value?: number | undefined;
      } | undefined;
      /** What is taken of an image; whole for packed images and networks below 128 px (or as the model says), else random, if missing. */
      readonly crop?: 'random' | 'middle' | 'whole' | 'pad' | {
        /** A random part of the image. */
        readonly kind: 'random';
        /** Smallest and largest share of the area. (default: [0.08,1]) */
        readonly area?: readonly [number, number] | undefined;
        /** Smallest and largest width over height. (default: [0.75,1.3333333333333333]) */
        readonly aspect?: readonly [number, number] | undefined;
      } | undefined;
    } | undefined;
    /** Ends the training before its last step; never if missing. */
    readonly earlyStopping?: {
      /** Evaluations in a row without a better one that end the training. (a whole number, at least 1 and at most 1000000000) */
      readonly patience: number;
    } | undefined;
    /** Which weights it ends with: the best by validation, or the last. (default: "best") */
    readonly choose?: 'best' | 'last' | undefined;
    /** When states are saved. */
    readonly checkpoints?: {
      /** Newest checkpoints kept beside the best. (a whole number, at least 1 and at most 10000; default: 3) */
      readonly keepLast?: number | undefined;
      /** Epochs between two checkpoints. (more than 0 and at most 1000000; default: 1) */
      readonly every?: number | undefined;
    } | undefined;
    /** A second phase at a larger size, in which deep layers alone learn; none if missing. */
    readonly fixResolution?: {
      /** Height and width of the images, in pixels; larger than before. (a whole number, at least 1 and at most 16384) */
      readonly size: number;
      /** Passes over the labelled images, un-augmented. (more than 0 and at most 1000000; default: 1.5) */
      readonly epochs?: number | undefined;
      /** A hundredth of the optimizer's if missing. (more than 0) */
      readonly learningRate?: number | undefined;
      /** What is not trained, as `freeze`; the first half of the blocks if missing. */
      readonly freeze?: readonly string[] | undefined;
    } | undefined;
  };
  /** One a generation; what it leaves out it takes from the one before. */
  readonly students: readonly ({
    /** A model file, or the name of a shipped model. */
    readonly model?: Model | undefined;
    /** Starts from 'scratch', from the 'teacher' where the network is the same, or from a checkpoint. (default: "scratch") */
    readonly init?: string | undefined;
    /** Layers or parameters that are not trained, with all below them; none if missing. */
    readonly freeze?: readonly string[] | undefined;
    /** Height and width of the images, in pixels; the model's own if missing. (a whole number, at least 1 and at most 16384) */
    readonly size?: number | undefined;
    /** Passes over the training images; give this or steps. (more than 0 and at most 1000000) */
    readonly epochs?: number | undefined;
    /** Optimizer steps; give this or epochs. (a whole number, at least 1 and at most 1000000000) */
    readonly steps?: number | undefined;
    /** Labelled images a step. (a whole number, at least 1 and at most 65536; default: 64) */
    readonly batch?: number | undefined;
    /** The optimizer; its learningRate is what the schedule starts from. */
    readonly optimizer?: {
      /** Adam with decoupled weight decay. */
      readonly kind: 'adamw';
      /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.001) */
      readonly learningRate?: number | undefined;
      /** Weight of the past in the mean of gradients. (at least 0 and less than 1; default: 0.9) */
      readonly beta1?: number | undefined;
      /** Weight of the past in the mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
      readonly beta2?: number | undefined;
      /** Added to the root of that mean. (more than 0; default: 1e-8) */
      readonly epsilon?: number | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0.01) */
      readonly weightDecay?: number | undefined;
      /** Shrinks the parameter itself, not through the gradient. (default: true) */
      readonly decoupledDecay?: boolean | undefined;
    } | {
      /** Steps by the sign of an average of gradients. */
      readonly kind: 'lion';
      /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.0001) */
      readonly learningRate?: number | undefined;
      /** Weight of the past in the average whose sign is the step. (at least 0 and less than 1; default: 0.9) */
      readonly beta1?: number | undefined;
      /** Weight of the past in the average that is kept. (at least 0 and less than 1; default: 0.99) */
      readonly beta2?: number | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay?: number | undefined;
      /** Shrinks the parameter itself, not through the gradient. (default: true) */
      readonly decoupledDecay?: boolean | undefined;
    } | {
      /** RMSProp in TensorFlow's form. */
      readonly kind: 'rmspropTf';
      /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.01) */
      readonly learningRate?: number | undefined;
      /** Weight of the past in the mean of squared gradients. (at least 0 and less than 1; default: 0.9) */
      readonly decay?: number | undefined;
      /** Weight of the past steps in each step. (at least 0 and less than 1; default: 0.9) */
      readonly momentum?: number | undefined;
      /** Added to that mean inside the root, as in TensorFlow. (more than 0; default: 0.001) */
      readonly epsilon?: number | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay?: number | undefined;
      /** Shrinks the parameter itself, not through the gradient. (default: false) */
      readonly decoupledDecay?: boolean | undefined;
    } | {
      /** Stochastic gradient descent with momentum. */
      readonly kind: 'sgd';
      /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.1) */
      readonly learningRate?: number | undefined;
      /** Weight of the past steps in each step. (at least 0 and less than 1; default: 0.9) */
      readonly momentum?: number | undefined;
      /** Nesterov's form of the momentum. (default: false) */
      readonly nesterov?: boolean | undefined;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay?: number | undefined;
      /** Shrinks the parameter itself, not through the gradient. (default: false) */
      readonly decoupledDecay?: boolean | undefined;
    } | Optimizer | undefined;
    /** How the learning rate changes. (default: {"kind":"constant","warmup":0}) */
    readonly schedule?: {
      /** The same learning rate throughout, after the warm-up. */
      readonly kind: 'constant';
      /** Epochs in which the rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup?: number | undefined;
    } | {
      /** A learning rate that falls as half a cosine. */
      readonly kind: 'cosine';
      /** Epochs in which the rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup?: number | undefined;
      /** The last learning rate, as a share of the first. (at least 0 and at most 1; default: 0) */
      readonly final?: number | undefined;
    } | {
      /** A learning rate that falls by a factor, again and again. */
      readonly kind: 'exponential';
      /** Epochs in which the rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup?: number | undefined;
      /** Factor of each fall. (more than 0 and at most 1; default: 0.97) */
      readonly decay?: number | undefined;
      /** Epochs between two falls. (more than 0 and at most 1000000; default: 2.4) */
      readonly every?: number | undefined;
      /** Falls in steps, not smoothly. (default: true) */
      readonly staircase?: boolean | undefined;
    } | undefined;
    /** Decay of a moving average of the weights; no average if missing. (at least 0 and less than 1) */
    readonly ema?: number | undefined;
    /** Share of each label that is spread evenly over all classes. (at least 0 and less than 1; default: 0) */
    readonly labelSmoothing?: number | undefined;
    /** Largest global norm of the gradients; no clipping if missing. (more than 0) */
    readonly clipNorm?: number | undefined;
    /** Computes blocks again in the backward pass: less memory, more time. (default: false) */
    readonly checkpointing?: boolean | undefined;
    /** What training computes in; 16 bits on a GPU only, weights stay in float32. (default: "float32") */
    readonly precision?: 'float32' | 'float16' | 'bfloat16' | undefined;
    /** Steps that a device does in one run; 16 on CUDA and 1 elsewhere, if missing. (a whole number, at least 1 and at most 1024) */
    readonly stepsPerRun?: number | undefined;
    /** What makes training harder than inference. */
    readonly noise?: {
      /** Before the classifier; the model's own if missing. (at least 0 and less than 1) */
      readonly dropout?: number | undefined;
      /** Stochastic depth of the last block; the model's own if missing. (at least 0 and less than 1) */
      readonly dropPath?: number | undefined;
      /** Random affine maps of the images, before all else; none if missing. */
      readonly augment?: {
        /** Largest shift each way, in pixels. (at least 0 and at most 16384; default: 0) */
        readonly shift?: number | undefined;
        /** Largest rotation, in degrees. (at least 0 and at most 180; default: 0) */
        readonly rotate?: number | undefined;
        /** Share by which the size changes each way. (at least 0 and less than 1; default: 0) */
        readonly scale?: number | undefined;
        /** Pixels of x a pixel of y, each way. (at least 0 and at most 100; default: 0) */
        readonly shear?: number | undefined;
      } | undefined;
      /** Random operations on the images; none if missing. */
      readonly randAugment?: {
        /** Operations applied to each image. (a whole number, at least 0 and at most 100; default: 2) */
        readonly n?: number | undefined;
        /** Their magnitude; 10 is not its end. (at least 0 and at most 1000; default: 10) */
        readonly m?: number | undefined;
      } | undefined;
      /** Side of a grey square, in pixels; none if missing. (a whole number, at least 1 and at most 16384) */
      readonly cutout?: number | undefined;
      /** Largest shift each way, in pixels, with mirrored borders; none if missing. (a whole number, at least 1 and at most 16384) */
      readonly pad?: number | undefined;
      /** Whether every other image is mirrored; not if missing. */
      readonly flip?: boolean | undefined;
      /** A rectangle of one level at a random place, after all else; none if missing. */
      readonly randomErasing?: {
        /** Share of the images in which something is erased. (at least 0 and at most 1; default: 0.5) */
        readonly p?: number | undefined;
        /** Smallest and largest share of the area. (default: [0.02,0.33]) */
        readonly scale?: readonly [number, number] | undefined;
        /** Smallest and largest height over width. (default: [0.3,3.3]) */
        readonly ratio?: readonly [number, number] | undefined;
        /** Level that is painted, from black to white. (a whole number, at least 0 and at most 255; default: 0) */
        readonly value?: number | undefined;
      } | undefined;
      /** What is taken of an image; whole for packed images and networks below 128 px (or as the model says), else random, if missing. */
      readonly crop?: 'random' | 'middle' | 'whole' | 'pad' | {
        /** A random part of the image. */
        readonly kind: 'random';
        /** Smallest and largest share of the area. (default: [0.08,1]) */
        readonly area?: readonly [number, number] | undefined;
        /** Smallest and largest width over height. (default: [0.75,1.3333333333333333]) */
        readonly aspect?: readonly [number, number] | undefined;
      } | undefined;
    } | undefined;
    /** Ends the training before its last step; never if missing. */
    readonly earlyStopping?: {
      /** Evaluations in a row without a better one that end the training. (a whole number, at least 1 and at most 1000000000) */
      readonly patience: number;
    } | undefined;
    /** Which weights it ends with: the best by validation, or the last. (default: "best") */
    readonly choose?: 'best' | 'last' | undefined;
    /** When states are saved. */
    readonly checkpoints?: {
      /** Newest checkpoints kept beside the best. (a whole number, at least 1 and at most 10000; default: 3) */
      readonly keepLast?: number | undefined;
      /** Epochs between two checkpoints. (more than 0 and at most 1000000; default: 1) */
      readonly every?: number | undefined;
    } | undefined;
    /** A second phase at a larger size, in which deep layers alone learn; none if missing. */
    readonly fixResolution?: {
      /** Height and width of the images, in pixels; larger than before. (a whole number, at least 1 and at most 16384) */
      readonly size: number;
      /** Passes over the labelled images, un-augmented. (more than 0 and at most 1000000; default: 1.5) */
      readonly epochs?: number | undefined;
      /** A hundredth of the optimizer's if missing. (more than 0) */
      readonly learningRate?: number | undefined;
      /** What is not trained, as `freeze`; the first half of the blocks if missing. */
      readonly freeze?: readonly string[] | undefined;
    } | undefined;
    /** Pseudo-labelled images for each labelled one in a step. (more than 0 and at most 10000; default: 1) */
    readonly ratio?: number | undefined;
    /** How the generation before's labels become those that this one learns from. */
    readonly labels?: {
      /** The teacher's probabilities, or its likeliest class alone. (default: "soft") */
      readonly kind?: 'soft' | 'hard' | undefined;
      /** Labels of less confidence are dropped. (at least 0 and at most 1; default: 0.3) */
      readonly threshold?: number | undefined;
      /** Images wanted of each class, copies included; no limit and no copies if missing. (a whole number, at least 1 and at most 1000000000) */
      readonly perClass?: number | undefined;
      /** Cuts a class exactly, as the paper, or on a grid of thresholds, as its code. (default: "exact") */
      readonly cap?: 'exact' | 'grid' | undefined;
      /** Most copies of an image; no limit if missing. (a whole number, at least 1 and at most 1000000) */
      readonly maxCopies?: number | undefined;
      /** Of soft labels: p^(1/T), renormalised; below 1 they become sharper. (more than 0; default: 1) */
      readonly temperature?: number | undefined;
      /** How many of the largest probabilities are stored; all if missing. (a whole number, at least 1 and at most 65536) */
      readonly topK?: number | undefined;
      /** A CSV with the columns image and class: what a person said of single images. */
      readonly corrections?: string | undefined;
      /** Made while the student trains, of the clean copy of each image; none is stored. (default: false) */
      readonly onTheFly?: boolean | undefined;
      /** Stops where the audit gives a warning. (default: false) */
      readonly strict?: boolean | undefined;
      /** Goes on where a class keeps no image. (default: false) */
      readonly allowEmpty?: boolean | undefined;
    } | undefined;
    /** The mean over all images, as in the paper, or the published code's sum. (default: "mean") */
    readonly loss?: 'mean' | 'sumOfMeans' | undefined;
  })[];
  /** Trains the first student on labels alone, too: as many steps, as many images. (default: false) */
  readonly control?: boolean | undefined;
  /** How a teacher labels. */
  readonly labelling?: {
    /** Images that are labelled at a time. (a whole number, at least 1 and at most 65536; default: 100) */
    readonly batch?: number | undefined;
    /** What it computes in then: float16 on a GPU that has it. (default: "float32") */
    readonly precision?: 'float32' | 'float16' | undefined;
    /** Files of labels; one for each 20,000 images if missing. (a whole number, at least 1 and at most 100000) */
    readonly shards?: number | undefined;
  } | undefined;
}

/** A config with its defaults filled in. */
export interface SelfTrainingConfig {
  /** For editors. */
  readonly $schema?: string | undefined;
  /** Names the folder runs/<name>: letters, digits, dots, dashes and underscores. */
  readonly name: string;
  /** Seed of initial values, order and noise. (a whole number, at least 0 and at most 4294967295; default: 1) */
  readonly seed: number;
  /** What the best checkpoint is judged on; never the test set. */
  readonly validation: {
    /** Part of the labelled images, held out. (more than 0 and at most 0.5; default: 0.1) */
    readonly share: number;
    /** Epochs between two evaluations. (more than 0 and at most 1000000; default: 1) */
    readonly every: number;
  };
  /** Threads of one operator; onnxruntime's choice if missing. (a whole number, at least 1 and at most 1024) */
  readonly threads?: number | undefined;
  /** Where the network runs. (default: "auto") */
  readonly device: 'auto' | 'cpu' | 'webgpu' | 'cuda';
  /** The data sets. */
  readonly data: {
    /** Images with classes: a folder, a list or a packed set. */
    readonly labelled: string;
    /** Images without. */
    readonly unlabelled: string;
    /** Images with classes, read once, at the end. */
    readonly test: string;
    /** Images that may be unreadable; more of them stop the run. (a whole number, at least 0 and at most 1000000000; default: 100) */
    readonly unreadable: number;
    /** How files are decoded for training: fast lets large JPEG and WebP shrink meanwhile, exact takes every pixel, as evaluation always does. (default: "fast") */
    readonly decode: 'fast' | 'exact';
  };
  /** The first network. */
  readonly teacher: {
    /** A model file, or the name of a shipped model. */
    readonly model: string;
    /** A checkpoint or run whose weights to start from; from scratch if missing. */
    readonly init?: string | undefined;
    /** Layers or parameters that are not trained, with all below them; none if missing. */
    readonly freeze?: readonly string[] | undefined;
    /** Height and width of the images, in pixels; the model's own if missing. (a whole number, at least 1 and at most 16384) */
    readonly size?: number | undefined;
    /** Passes over the training images; give this or steps. (more than 0 and at most 1000000) */
    readonly epochs?: number | undefined;
    /** Optimizer steps; give this or epochs. (a whole number, at least 1 and at most 1000000000) */
    readonly steps?: number | undefined;
    /** Labelled images a step. (a whole number, at least 1 and at most 65536; default: 64) */
    readonly batch: number;
    /** The optimizer; its learningRate is what the schedule starts from. */
    readonly optimizer: {
      /** Adam with decoupled weight decay. */
      readonly kind: 'adamw';
      /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.001) */
      readonly learningRate: number;
      /** Weight of the past in the mean of gradients. (at least 0 and less than 1; default: 0.9) */
      readonly beta1: number;
      /** Weight of the past in the mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
      readonly beta2: number;
      /** Added to the root of that mean. (more than 0; default: 1e-8) */
      readonly epsilon: number;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0.01) */
      readonly weightDecay: number;
      /** Shrinks the parameter itself, not through the gradient. (default: true) */
      readonly decoupledDecay: boolean;
    } | {
      /** Steps by the sign of an average of gradients. */
      readonly kind: 'lion';
      /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.0001) */
      readonly learningRate: number;
      /** Weight of the past in the average whose sign is the step. (at least 0 and less than 1; default: 0.9) */
      readonly beta1: number;
      /** Weight of the past in the average that is kept. (at least 0 and less than 1; default: 0.99) */
      readonly beta2: number;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay: number;
      /** Shrinks the parameter itself, not through the gradient. (default: true) */
      readonly decoupledDecay: boolean;
    } | {
      /** RMSProp in TensorFlow's form. */
      readonly kind: 'rmspropTf';
      /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.01) */
      readonly learningRate: number;
      /** Weight of the past in the mean of squared gradients. (at least 0 and less than 1; default: 0.9) */
      readonly decay: number;
      /** Weight of the past steps in each step. (at least 0 and less than 1; default: 0.9) */
      readonly momentum: number;
      /** Added to that mean inside the root, as in TensorFlow. (more than 0; default: 0.001) */
      readonly epsilon: number;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay: number;
      /** Shrinks the parameter itself, not through the gradient. (default: false) */
      readonly decoupledDecay: boolean;
    } | {
      /** Stochastic gradient descent with momentum. */
      readonly kind: 'sgd';
      /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.1) */
      readonly learningRate: number;
      /** Weight of the past steps in each step. (at least 0 and less than 1; default: 0.9) */
      readonly momentum: number;
      /** Nesterov's form of the momentum. (default: false) */
      readonly nesterov: boolean;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay: number;
      /** Shrinks the parameter itself, not through the gradient. (default: false) */
      readonly decoupledDecay: boolean;
    };
    /** How the learning rate changes. (default: {"kind":"constant","warmup":0}) */
    readonly schedule: {
      /** The same learning rate throughout, after the warm-up. */
      readonly kind: 'constant';
      /** Epochs in which the rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup: number;
    } | {
      /** A learning rate that falls as half a cosine. */
      readonly kind: 'cosine';
      /** Epochs in which the rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup: number;
      /** The last learning rate, as a share of the first. (at least 0 and at most 1; default: 0) */
      readonly final: number;
    } | {
      /** A learning rate that falls by a factor, again and again. */
      readonly kind: 'exponential';
      /** Epochs in which the rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup: number;
      /** Factor of each fall. (more than 0 and at most 1; default: 0.97) */
      readonly decay: number;
      /** Epochs between two falls. (more than 0 and at most 1000000; default: 2.4) */
      readonly every: number;
      /** Falls in steps, not smoothly. (default: true) */
      readonly staircase: boolean;
    };
    /** Decay of a moving average of the weights; no average if missing. (at least 0 and less than 1) */
    readonly ema?: number | undefined;
    /** Share of each label that is spread evenly over all classes. (at least 0 and less than 1; default: 0) */
    readonly labelSmoothing: number;
    /** Largest global norm of the gradients; no clipping if missing. (more than 0) */
    readonly clipNorm?: number | undefined;
    /** Computes blocks again in the backward pass: less memory, more time. (default: false) */
    readonly checkpointing: boolean;
    /** What training computes in; 16 bits on a GPU only, weights stay in float32. (default: "float32") */
    readonly precision: 'float32' | 'float16' | 'bfloat16';
    /** Steps that a device does in one run; 16 on CUDA and 1 elsewhere, if missing. (a whole number, at least 1 and at most 1024) */
    readonly stepsPerRun?: number | undefined;
    /** What makes training harder than inference. */
    readonly noise: {
      /** Before the classifier; the model's own if missing. (at least 0 and less than 1) */
      readonly dropout?: number | undefined;
      /** Stochastic depth of the last block; the model's own if missing. (at least 0 and less than 1) */
      readonly dropPath?: number | undefined;
      /** Random affine maps of the images, before all else; none if missing. */
      readonly augment?: {
        /** Largest shift each way, in pixels. (at least 0 and at most 16384; default: 0) */
        readonly shift: number;
        /** Largest rotation, in degrees. (at least 0 and at most 180; default: 0) */
        readonly rotate: number;
        /** Share by which the size changes each way. (at least 0 and less than 1; default: 0) */
        readonly scale: number;
        /** Pixels of x a pixel of y, each way. (at least 0 and at most 100; default: 0) */
        readonly shear: number;
      } | undefined;
      /** Random operations on the images; none if missing. */
      readonly randAugment?: {
        /** Operations applied to each image. (a whole number, at least 0 and at most 100; default: 2) */
        readonly n: number;
        /** Their magnitude; 10 is not its end. (at least 0 and at most 1000; default: 10) */
        readonly m: number;
      } | undefined;
      /** Side of a grey square, in pixels; none if missing. (a whole number, at least 1 and at most 16384) */
      readonly cutout?: number | undefined;
      /** Largest shift each way, in pixels, with mirrored borders; none if missing. (a whole number, at least 1 and at most 16384) */
      readonly pad?: number | undefined;
      /** Whether every other image is mirrored; not if missing. */
      readonly flip?: boolean | undefined;
      /** A rectangle of one level at a random place, after all else; none if missing. */
      readonly randomErasing?: {
        /** Share of the images in which something is erased. (at least 0 and at most 1; default: 0.5) */
        readonly p: number;
        /** Smallest and largest share of the area. (default: [0.02,0.33]) */
        readonly scale: readonly [number, number];
        /** Smallest and largest height over width. (default: [0.3,3.3]) */
        readonly ratio: readonly [number, number];
        /** Level that is painted, from black to white. (a whole number, at least 0 and at most 255; default: 0) */
        readonly value: number;
      } | undefined;
      /** What is taken of an image; whole for packed images and networks below 128 px (or as the model says), else random, if missing. */
      readonly crop?: 'random' | 'middle' | 'whole' | 'pad' | {
        /** A random part of the image. */
        readonly kind: 'random';
        /** Smallest and largest share of the area. (default: [0.08,1]) */
        readonly area: readonly [number, number];
        /** Smallest and largest width over height. (default: [0.75,1.3333333333333333]) */
        readonly aspect: readonly [number, number];
      } | undefined;
    };
    /** Ends the training before its last step; never if missing. */
    readonly earlyStopping?: {
      /** Evaluations in a row without a better one that end the training. (a whole number, at least 1 and at most 1000000000) */
      readonly patience: number;
    } | undefined;
    /** Which weights it ends with: the best by validation, or the last. (default: "best") */
    readonly choose: 'best' | 'last';
    /** When states are saved. */
    readonly checkpoints: {
      /** Newest checkpoints kept beside the best. (a whole number, at least 1 and at most 10000; default: 3) */
      readonly keepLast: number;
      /** Epochs between two checkpoints. (more than 0 and at most 1000000; default: 1) */
      readonly every: number;
    };
    /** A second phase at a larger size, in which deep layers alone learn; none if missing. */
    readonly fixResolution?: {
      /** Height and width of the images, in pixels; larger than before. (a whole number, at least 1 and at most 16384) */
      readonly size: number;
      /** Passes over the labelled images, un-augmented. (more than 0 and at most 1000000; default: 1.5) */
      readonly epochs: number;
      /** A hundredth of the optimizer's if missing. (more than 0) */
      readonly learningRate?: number | undefined;
      /** What is not trained, as `freeze`; the first half of the blocks if missing. */
      readonly freeze?: readonly string[] | undefined;
    } | undefined;
  };
  /** One a generation; what it leaves out it takes from the one before. */
  readonly students: readonly ({
    /** A model file, or the name of a shipped model. */
    readonly model: string;
    /** Starts from 'scratch', from the 'teacher' where the network is the same, or from a checkpoint. (default: "scratch") */
    readonly init: string;
    /** Layers or parameters that are not trained, with all below them; none if missing. */
    readonly freeze?: readonly string[] | undefined;
    /** Height and width of the images, in pixels; the model's own if missing. (a whole number, at least 1 and at most 16384) */
    readonly size?: number | undefined;
    /** Passes over the training images; give this or steps. (more than 0 and at most 1000000) */
    readonly epochs?: number | undefined;
    /** Optimizer steps; give this or epochs. (a whole number, at least 1 and at most 1000000000) */
    readonly steps?: number | undefined;
    /** Labelled images a step. (a whole number, at least 1 and at most 65536; default: 64) */
    readonly batch: number;
    /** The optimizer; its learningRate is what the schedule starts from. */
    readonly optimizer: {
      /** Adam with decoupled weight decay. */
      readonly kind: 'adamw';
      /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.001) */
      readonly learningRate: number;
      /** Weight of the past in the mean of gradients. (at least 0 and less than 1; default: 0.9) */
      readonly beta1: number;
      /** Weight of the past in the mean of squared gradients. (at least 0 and less than 1; default: 0.999) */
      readonly beta2: number;
      /** Added to the root of that mean. (more than 0; default: 1e-8) */
      readonly epsilon: number;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0.01) */
      readonly weightDecay: number;
      /** Shrinks the parameter itself, not through the gradient. (default: true) */
      readonly decoupledDecay: boolean;
    } | {
      /** Steps by the sign of an average of gradients. */
      readonly kind: 'lion';
      /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.0001) */
      readonly learningRate: number;
      /** Weight of the past in the average whose sign is the step. (at least 0 and less than 1; default: 0.9) */
      readonly beta1: number;
      /** Weight of the past in the average that is kept. (at least 0 and less than 1; default: 0.99) */
      readonly beta2: number;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay: number;
      /** Shrinks the parameter itself, not through the gradient. (default: true) */
      readonly decoupledDecay: boolean;
    } | {
      /** RMSProp in TensorFlow's form. */
      readonly kind: 'rmspropTf';
      /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.01) */
      readonly learningRate: number;
      /** Weight of the past in the mean of squared gradients. (at least 0 and less than 1; default: 0.9) */
      readonly decay: number;
      /** Weight of the past steps in each step. (at least 0 and less than 1; default: 0.9) */
      readonly momentum: number;
      /** Added to that mean inside the root, as in TensorFlow. (more than 0; default: 0.001) */
      readonly epsilon: number;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay: number;
      /** Shrinks the parameter itself, not through the gradient. (default: false) */
      readonly decoupledDecay: boolean;
    } | {
      /** Stochastic gradient descent with momentum. */
      readonly kind: 'sgd';
      /** Learning rate of a step, which the schedule starts from. (more than 0; default: 0.1) */
      readonly learningRate: number;
      /** Weight of the past steps in each step. (at least 0 and less than 1; default: 0.9) */
      readonly momentum: number;
      /** Nesterov's form of the momentum. (default: false) */
      readonly nesterov: boolean;
      /** Weight decay; biases and normalisation have none. (at least 0; default: 0) */
      readonly weightDecay: number;
      /** Shrinks the parameter itself, not through the gradient. (default: false) */
      readonly decoupledDecay: boolean;
    };
    /** How the learning rate changes. (default: {"kind":"constant","warmup":0}) */
    readonly schedule: {
      /** The same learning rate throughout, after the warm-up. */
      readonly kind: 'constant';
      /** Epochs in which the rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup: number;
    } | {
      /** A learning rate that falls as half a cosine. */
      readonly kind: 'cosine';
      /** Epochs in which the rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup: number;
      /** The last learning rate, as a share of the first. (at least 0 and at most 1; default: 0) */
      readonly final: number;
    } | {
      /** A learning rate that falls by a factor, again and again. */
      readonly kind: 'exponential';
      /** Epochs in which the rate rises linearly from 0. (at least 0 and at most 1000000; default: 0) */
      readonly warmup: number;
      /** Factor of each fall. (more than 0 and at most 1; default: 0.97) */
      readonly decay: number;
      /** Epochs between two falls. (more than 0 and at most 1000000; default: 2.4) */
      readonly every: number;
      /** Falls in steps, not smoothly. (default: true) */
      readonly staircase: boolean;
    };
    /** Decay of a moving average of the weights; no average if missing. (at least 0 and less than 1) */
    readonly ema?: number | undefined;
    /** Share of each label that is spread evenly over all classes. (at least 0 and less than 1; default: 0) */
    readonly labelSmoothing: number;
    /** Largest global norm of the gradients; no clipping if missing. (more than 0) */
    readonly clipNorm?: number | undefined;
    /** Computes blocks again in the backward pass: less memory, more time. (default: false) */
    readonly checkpointing: boolean;
    /** What training computes in; 16 bits on a GPU only, weights stay in float32. (default: "float32") */
    readonly precision: 'float32' | 'float16' | 'bfloat16';
    /** Steps that a device does in one run; 16 on CUDA and 1 elsewhere, if missing. (a whole number, at least 1 and at most 1024) */
    readonly stepsPerRun?: number | undefined;
    /** What makes training harder than inference. */
    readonly noise: {
      /** Before the classifier; the model's own if missing. (at least 0 and less than 1) */
      readonly dropout?: number | undefined;
      /** Stochastic depth of the last block; the model's own if missing. (at least 0 and less than 1) */
      readonly dropPath?: number | undefined;
      /** Random affine maps of the images, before all else; none if missing. */
      readonly augment?: {
        /** Largest shift each way, in pixels. (at least 0 and at most 16384; default: 0) */
        readonly shift: number;
        /** Largest rotation, in degrees. (at least 0 and at most 180; default: 0) */
        readonly rotate: number;
        /** Share by which the size changes each way. (at least 0 and less than 1; default: 0) */
        readonly scale: number;
        /** Pixels of x a pixel of y, each way. (at least 0 and at most 100; default: 0) */
        readonly shear: number;
      } | undefined;
      /** Random operations on the images; none if missing. */
      readonly randAugment?: {
        /** Operations applied to each image. (a whole number, at least 0 and at most 100; default: 2) */
        readonly n: number;
        /** Their magnitude; 10 is not its end. (at least 0 and at most 1000; default: 10) */
        readonly m: number;
      } | undefined;
      /** Side of a grey square, in pixels; none if missing. (a whole number, at least 1 and at most 16384) */
      readonly cutout?: number | undefined;
      /** Largest shift each way, in pixels, with mirrored borders; none if missing. (a whole number, at least 1 and at most 16384) */
      readonly pad?: number | undefined;
      /** Whether every other image is mirrored; not if missing. */
      readonly flip?: boolean | undefined;
      /** A rectangle of one level at a random place, after all else; none if missing. */
      readonly randomErasing?: {
        /** Share of the images in which something is erased. (at least 0 and at most 1; default: 0.5) */
        readonly p: number;
        /** Smallest and largest share of the area. (default: [0.02,0.33]) */
        readonly scale: readonly [number, number];
        /** Smallest and largest height over width. (default: [0.3,3.3]) */
        readonly ratio: readonly [number, number];
        /** Level that is painted, from black to white. (a whole number, at least 0 and at most 255; default: 0) */
        readonly value: number;
      } | undefined;
      /** What is taken of an image; whole for packed images and networks below 128 px (or as the model says), else random, if missing. */
      readonly crop?: 'random' | 'middle' | 'whole' | 'pad' | {
        /** A random part of the image. */
        readonly kind: 'random';
        /** Smallest and largest share of the area. (default: [0.08,1]) */
        readonly area: readonly [number, number];
        /** Smallest and largest width over height. (default: [0.75,1.3333333333333333]) */
        readonly aspect: readonly [number, number];
      } | undefined;
    };
    /** Ends the training before its last step; never if missing. */
    readonly earlyStopping?: {
      /** Evaluations in a row without a better one that end the training. (a whole number, at least 1 and at most 1000000000) */
      readonly patience: number;
    } | undefined;
    /** Which weights it ends with: the best by validation, or the last. (default: "best") */
    readonly choose: 'best' | 'last';
    /** When states are saved. */
    readonly checkpoints: {
      /** Newest checkpoints kept beside the best. (a whole number, at least 1 and at most 10000; default: 3) */
      readonly keepLast: number;
      /** Epochs between two checkpoints. (more than 0 and at most 1000000; default: 1) */
      readonly every: number;
    };
    /** A second phase at a larger size, in which deep layers alone learn; none if missing. */
    readonly fixResolution?: {
      /** Height and width of the images, in pixels; larger than before. (a whole number, at least 1 and at most 16384) */
      readonly size: number;
      /** Passes over the labelled images, un-augmented. (more than 0 and at most 1000000; default: 1.5) */
      readonly epochs: number;
      /** A hundredth of the optimizer's if missing. (more than 0) */
      readonly learningRate?: number | undefined;
      /** What is not trained, as `freeze`; the first half of the blocks if missing. */
      readonly freeze?: readonly string[] | undefined;
    } | undefined;
    /** Pseudo-labelled images for each labelled one in a step. (more than 0 and at most 10000; default: 1) */
    readonly ratio: number;
    /** How the generation before's labels become those that this one learns from. */
    readonly labels: {
      /** The teacher's probabilities, or its likeliest class alone. (default: "soft") */
      readonly kind: 'soft' | 'hard';
      /** Labels of less confidence are dropped. (at least 0 and at most 1; default: 0.3) */
      readonly threshold: number;
      /** Images wanted of each class, copies included; no limit and no copies if missing. (a whole number, at least 1 and at most 1000000000) */
      readonly perClass?: number | undefined;
      /** Cuts a class exactly, as the paper, or on a grid of thresholds, as its code. (default: "exact") */
      readonly cap: 'exact' | 'grid';
      /** Most copies of an image; no limit if missing. (a whole number, at least 1 and at most 1000000) */
      readonly maxCopies?: number | undefined;
      /** Of soft labels: p^(1/T), renormalised; below 1 they become sharper. (more than 0; default: 1) */
      readonly temperature: number;
      /** How many of the largest probabilities are stored; all if missing. (a whole number, at least 1 and at most 65536) */
      readonly topK?: number | undefined;
      /** A CSV with the columns image and class: what a person said of single images. */
      readonly corrections?: string | undefined;
      /** Made while the student trains, of the clean copy of each image; none is stored. (default: false) */
      readonly onTheFly: boolean;
      /** Stops where the audit gives a warning. (default: false) */
      readonly strict: boolean;
      /** Goes on where a class keeps no image. (default: false) */
      readonly allowEmpty: boolean;
    };
    /** The mean over all images, as in the paper, or the published code's sum. (default: "mean") */
    readonly loss: 'mean' | 'sumOfMeans';
  })[];
  /** Trains the first student on labels alone, too: as many steps, as many images. (default: false) */
  readonly control: boolean;
  /** How a teacher labels. */
  readonly labelling: {
    /** Images that are labelled at a time. (a whole number, at least 1 and at most 65536; default: 100) */
    readonly batch: number;
    /** What it computes in then: float16 on a GPU that has it. (default: "float32") */
    readonly precision: 'float32' | 'float16';
    /** Files of labels; one for each 20,000 images if missing. (a whole number, at least 1 and at most 100000) */
    readonly shards?: number | undefined;
  };
}
