/** The thread that reads users' files and checks their types; `checkSources` starts it. */
import { parentPort } from 'node:worker_threads';
import { invariant } from '../../support/errors.js';
import { transformFile } from './callSites.js';
import { localFiles, type LocalFile } from './localFiles.js';
import type { CheckReply, CheckRequest, Sources } from './sourceChecker.js';
import { typeProblems } from './typecheck.js';

const port = parentPort;
invariant(port, 'checkWorker runs as a worker thread');

function send(reply: CheckReply): void {
  port?.postMessage(reply);
}

function transformAll(files: readonly LocalFile[]): Sources['transformed'] {
  const running = files.filter(({ path }) => !/\.(json|d\.[mc]?ts)$/.test(path));
  return new Map(running.map(({ path, text }) => [path, transformFile(text, path)]));
}

port.on('message', ({ id, root, declarations }: CheckRequest) => {
  try {
    const files = localFiles(root);
    send({ id, kind: 'sources', sources: { files, transformed: transformAll(files) } });
    send({ id, kind: 'checked', problems: typeProblems(files, declarations) });
  } catch (error) {
    send({ id, kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) });
  }
});
