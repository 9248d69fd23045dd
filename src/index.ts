/** The public API of Gradus: the language, the compiler and the trainer. */
import { provideModules } from './api/loadModel.js';
import * as gradus from './index.js';

export * from './nn/index.js';
export { compileModel, type CompileModelOptions, type CompileResult } from './api/compileModel.js';
export { defineTraining, type TrainingConfig, type TrainingConfigInput } from './api/config.js';
export type { Manifest } from './artifacts/manifest.js';
export { compile, type Compiled, type CompileOptions } from './compiler/compile.js';
export { adamw, rmspropTf, sgd, type OptimizerConfig } from './optim/index.js';
export * from './support/errors.js';

// Users' model files import this very namespace, never a second copy.
provideModules({ gradus });
