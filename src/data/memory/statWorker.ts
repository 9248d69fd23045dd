/** A thread that looks at the files of a set. */
import { parentPort } from 'node:worker_threads';
import { answer, type StatCommand, type StatReply } from './statProtocol.js';

parentPort?.on('message', (command: StatCommand) => {
  if (command.kind === 'stop') {
    parentPort?.close();
    return;
  }
  answer(command);
  parentPort?.postMessage({ job: command.job } satisfies StatReply);
});
