import '../executors/telemetry.js';
import { fork } from 'node:child_process';
import { DeviceError } from '../../support/errors.js';
import { call, option, phrase } from '../../support/phrase.js';
import type { BenchReply, BenchRequest, Measured } from './benchProtocol.js';
import { unpackError } from '../../support/packError.js';
import { workerUrl } from '../../support/workerUrl.js';

/**
 * Runs steps in a process of their own and measures them. Throws what went wrong there, or a
 * DeviceError if the process ended without an answer, as when memory ran out.
 */
export function measure(request: BenchRequest): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = fork(workerUrl(import.meta.url, 'benchWorker'), { execArgv: [] });
    let reply: BenchReply | undefined;
    child.once('message', (message) => {
      reply = message as BenchReply;
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (reply?.ok) resolve(reply.measured);
      else if (reply) reject(unpackError(reply.error));
      else reject(ended(code, signal));
    });
    child.send(request, (error) => {
      if (error) reject(error);
    });
  });
}

function ended(code: number | null, signal: NodeJS.Signals | null): DeviceError {
  const how = signal === null ? `with code ${code}` : `by ${signal}`;
  return new DeviceError(`the process that was measured ended ${how}`, {
    code: 'bench-ended',
    option: ['batch'],
    hint: phrase`if memory ran out, use a smaller ${option('batch')} or ${option('size')}: ${call('predictMemory', 'MODEL')} predicts what a step needs`,
  });
}
