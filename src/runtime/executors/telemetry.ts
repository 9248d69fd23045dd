/**
 * Switches off the reports of onnxruntime 1.29: unless ORT_DISABLE_TELEMETRY is set when its library is
 * loaded, every process with a session writes a device id and an event store into the user's cache and,
 * some 15 s after its start, tries to send events that hold the name of the model. A value of the user's
 * stays; `0`, `false` and the empty text let it report (measured with 1.29.0 on Linux).
 *
 * Imported for its effect before onnxruntime-node and before any thread or process that loads it: a
 * thread has a copy of the environment that the library does not see.
 */
import { isMainThread } from 'node:worker_threads';

const variable = 'ORT_DISABLE_TELEMETRY';

if (process.env[variable] === undefined) {
  process.env[variable] = '1';
  // A thread of ours has the variable from the main thread, so this one is the user's.
  if (!isMainThread)
    process.emitWarning(
      `onnxruntime may send usage reports from this process, since a worker thread cannot set ${variable}=1 for it. ` +
        'Set it in the environment, or import gradus in the main thread first.',
      { code: 'GRADUS_TELEMETRY' },
    );
}
