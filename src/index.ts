/** The package `gradus`: the public API, which users' model files get as the running installation. */
import { provideModules } from './language/frontend/loadModel.js';
import * as models from './language/models/index.js';
import * as gradus from './selftrain/index.js';

export * from './selftrain/index.js';

// A model file's imports of `gradus` and `gradus/models` are these very namespaces, never second copies.
provideModules({ gradus, 'gradus/models': models });
