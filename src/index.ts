/** The package `gradus`: the public API, which users' model files get as the running installation. */
import * as gradus from './api/index.js';
import { provideModules } from './api/loadModel.js';
import * as models from './models/index.js';

export * from './api/index.js';

// A model file's imports of `gradus` and `gradus/models` are these very namespaces, never second copies.
provideModules({ gradus, 'gradus/models': models });
