/** The package `gradus`: the public API, which users' model files get as the running installation. */
import * as gradus from './api/index.js';
import { provideModules } from './api/loadModel.js';

export * from './api/index.js';

// A model file's import of `gradus` is this very namespace, never a second copy.
provideModules({ gradus });
