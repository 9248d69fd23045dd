/**
 * Makes the n-th call that writes fail, for n = 1 to the last: node failingCalls.mjs INPUTS PLACE KIND
 * STRIDE. Writes are those of node:fs on the main thread: open for writing, write, sync, rename, link,
 * make a folder, cut, copy, remove. Each time the job has to end with an error that is no fault of Gradus, or
 * in spite of it; and the same job, then left alone, has to end. Prints a line of JSON for each n.
 */
import fs, { mkdirSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

const [inputs, place, kind, stride] = process.argv.slice(2);

const calls = [
  ...['openSync', 'writeSync', 'writeFileSync', 'fsyncSync', 'renameSync', 'mkdirSync', 'rmSync'],
  ...[
    'ftruncateSync',
    'copyFileSync',
    'linkSync',
    'unlinkSync',
    'rmdirSync',
    'writevSync',
    'cpSync',
  ],
  ...['appendFileSync', 'utimesSync', 'closeSync'],
];
/** Kinds of failure, in turns. */
const codes = ['ENOSPC', 'EIO', 'EACCES', 'EROFS', 'EDQUOT'];
const plain = Object.fromEntries(calls.map((name) => [name, fs[name]]));
const watched = { count: 0, failing: Infinity, code: '', failed: '' };
/** Descriptors open for writing. */
const writing = new Set();

function isWrite(name, [first, flags]) {
  if (name === 'openSync') return flags !== undefined && flags !== 'r';
  if (name === 'fsyncSync' || name === 'closeSync') return writing.has(first);
  return true;
}

for (const name of calls)
  fs[name] = (...args) => {
    if (isWrite(name, args) && ++watched.count === watched.failing) {
      const { code } = watched;
      watched.failed = `${name} ${typeof args[0] === 'string' ? args[0].replace(place, '') : ''}`;
      // As the system does: the descriptor is gone in any case.
      if (name === 'closeSync') plain.closeSync(...args);
      const path = typeof args[0] === 'string' ? args[0] : undefined;
      const syscall = name.replace('Sync', '');
      throw Object.assign(new Error(`${code}: made to fail, ${syscall}`), { code, syscall, path });
    }
    const result = plain[name](...args);
    if (name === 'openSync' && isWrite(name, args)) writing.add(result);
    if (name === 'closeSync') writing.delete(args[0]);
    return result;
  };
syncBuiltinESMExports();

const { jobs } = await import('./jobs.mjs');
const { exitCodeOf, explainSystemError } = await import('../../dist/src/cli/exitCodes.js');
const { differing, snapshot } = await import('./snapshot.mjs');

function folderFor(n) {
  const folder = join(place, `${kind}-${n}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

const whole = folderFor('whole');
watched.count = 0;
await jobs[kind](whole, inputs);
const all = watched.count;
const wanted = snapshot(whole);
console.log(JSON.stringify({ kind, calls: all }));
for (let n = 1; n <= all; n += Number(stride)) {
  const folder = folderFor(n);
  Object.assign(watched, { count: 0, failing: n, code: codes[n % codes.length], failed: '' });
  const told = { kind, n, outcome: 'done in spite of it', code: watched.code };
  try {
    await jobs[kind](folder, inputs);
  } catch (error) {
    told.outcome = 'refused';
    told.error = `${error?.name} ${error?.code}`;
    if (exitCodeOf(explainSystemError(error)) === 1) {
      told.outcome = 'fault';
      told.error = String(error?.stack ?? error);
    }
  }
  told.failed = watched.failed;
  watched.failing = Infinity;
  try {
    await jobs[kind](folder, inputs);
    const names = differing(wanted, snapshot(folder));
    if (names.length > 0) told.differing = names;
  } catch (error) {
    told.again = String(error?.stack ?? error);
  }
  console.log(JSON.stringify(told));
  rmSync(folder, { recursive: true, force: true });
}
