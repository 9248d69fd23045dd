import { activationRules } from './activation.js';
import { arithmeticRules } from './arithmetic.js';
import { convRules, linearRules } from './conv.js';
import { mapRules } from './maps.js';
import { normRules } from './norm.js';
import { poolRules } from './pool.js';
import { reduceRules } from './reduce.js';
import type { ImportRules } from './rule.js';
import { shapeRules } from './shape.js';

/** How each operator of ai.onnx is imported; to add one, add its entry to a family. */
export const importRules: ImportRules = {
  ...activationRules,
  ...arithmeticRules,
  ...convRules,
  ...linearRules,
  ...mapRules,
  ...normRules,
  ...poolRules,
  ...reduceRules,
  ...shapeRules,
};
