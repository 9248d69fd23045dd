import { ablate } from './ablate.js';
import type { Command } from '../command.js';
import { augment } from './augment.js';
import { bench } from './bench.js';
import { compile } from './compile.js';
import { data } from './data.js';
import { demo } from './demo.js';
import { devices } from './devices.js';
import { doctor } from './doctor.js';
import { evaluate } from './eval.js';
import { exportCommand } from './export.js';
import { filter } from './filter.js';
import { importCommand } from './import.js';
import { init } from './init.js';
import { inspect } from './inspect.js';
import { label } from './label.js';
import { labels } from './labels.js';
import { predict } from './predict.js';
import { reassign } from './reassign.js';
import { selftrain } from './selftrain.js';
import { train } from './train.js';
import { tune } from './tune.js';

/** Every command, in the order of `gradus --help`. */
export const commands: readonly Command[] = [
  init,
  demo,
  inspect,
  compile,
  train,
  evaluate,
  predict,
  label,
  filter,
  reassign,
  labels,
  selftrain,
  ablate,
  importCommand,
  exportCommand,
  tune,
  bench,
  devices,
  doctor,
  data,
  augment,
];
