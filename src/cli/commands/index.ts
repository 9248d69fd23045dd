import type { Command } from '../command.js';

/** Every command, in the order of `gradus --help`; a line adds one. */
const files = await Promise.all([
  import('./init.js'),
  import('./demo.js'),
  import('./inspect.js'),
  import('./compile.js'),
  import('./train.js'),
  import('./lrFind.js'),
  import('./eval.js'),
  import('./predict.js'),
  import('./label.js'),
  import('./filter.js'),
  import('./reassign.js'),
  import('./labels.js'),
  import('./selftrain.js'),
  import('./ablate.js'),
  import('./import.js'),
  import('./export.js'),
  import('./exportMetrics.js'),
  import('./tune.js'),
  import('./bench.js'),
  import('./devices.js'),
  import('./doctor.js'),
  import('./data.js'),
  import('./augment.js'),
]);

export const commands: readonly Command[] = files.map((file) => file.default);
