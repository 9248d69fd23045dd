import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { RunFolder, runInfoAbove } from '../../../src/runtime/storage/runFolder.js';
import { temporaryFolder } from '../../support/folder.js';
import { repositoryRoot } from '../../support/paths.js';

const holder = `
import { RunFolder } from '${pathToFileURL(`${repositoryRoot}/dist/src/runtime/storage/runFolder.js`).href}';
RunFolder.open(process.argv[1]);
console.log('held');
setInterval(() => {}, 1000);
`;

/**
 * Takes a folder whose lock a dead process left, in a process with slow renames, and makes a file that only
 * one holder at a time can make; exits with 3 if another holds the folder as well.
 */
const taker = `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const [, folder, wait, before, after] = process.argv;
const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms));
const { renameSync } = fs;
fs.renameSync = (from, to) => { pause(before); renameSync(from, to); pause(after); };
syncBuiltinESMExports();
const { RunFolder } = await import('${pathToFileURL(`${repositoryRoot}/dist/src/runtime/storage/runFolder.js`).href}');
console.log('ready');
while (!fs.existsSync(folder + '/begin')) pause(2);
pause(wait);
for (;;) {
  let run;
  try { run = RunFolder.open(folder); } catch (error) {
    if (error.code !== 'run-locked') throw error;
    pause(5);
    continue;
  }
  try { fs.writeFileSync(folder + '/only-one', '', { flag: 'wx' }); } catch { process.exit(3); }
  pause(600);
  fs.unlinkSync(folder + '/only-one');
  run.close();
  break;
}
`;

interface Taker {
  readonly ready: Promise<unknown>;
  readonly exit: Promise<number | null>;
}

/** Milliseconds to wait, and that each rename takes before and after it happens. */
function take(folder: string, wait: number, before = 0, after = 0): Taker {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', taker, folder, ...[wait, before, after].map(String)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return {
    ready: once(child.stdout, 'data'),
    exit: new Promise((resolve) => child.once('exit', resolve)),
  };
}

describe('a run folder', () => {
  it('has one holder at a time when three processes meet the lock of a dead one', async () => {
    const path = temporaryFolder();
    const dead = { pid: 2 ** 22, host: hostname(), started: '1' };
    writeFileSync(join(path, 'run.lock'), JSON.stringify(dead));
    const takers = [take(path, 0, 60), take(path, 0, 200, 250), take(path, 120)];
    await Promise.all(takers.map(({ ready }) => ready));
    writeFileSync(join(path, 'begin'), '');
    const exits = await Promise.all(takers.map(({ exit }) => exit));
    expect(exits).toEqual([0, 0, 0]);
    expect(readdirSync(path)).toEqual(['begin']);
  });

  it('is locked on a file system without hard links', () => {
    const path = temporaryFolder();
    const script = `
      import fs from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      fs.linkSync = () => { throw Object.assign(new Error('EPERM: link'), { code: 'EPERM' }); };
      syncBuiltinESMExports();
      const { RunFolder } = await import('${pathToFileURL(`${repositoryRoot}/dist/src/runtime/storage/runFolder.js`).href}');
      RunFolder.open(process.argv[1]).close();`;
    const { status, stderr } = spawnSync(process.execPath, [
      ...['--input-type=module', '-e', script, path],
    ]);
    expect(String(stderr)).toBe('');
    expect(status).toBe(0);
  });

  it('loses what killed processes of older versions left of their locks', () => {
    const path = temporaryFolder();
    for (const name of ['run.lock.4194304', 'run.lock.stale-4194304'])
      writeFileSync(join(path, name), '{}');
    RunFolder.open(path).close();
    expect(readdirSync(path)).toEqual([]);
  });

  it.each(['', 'student-1', 'fixed', 'student-1/fixed'])(
    'is found from a checkpoint of its network in "%s"',
    (network) => {
      const run = RunFolder.open(join(temporaryFolder(), 'digits'));
      const checkpoint = join(run.path, network, 'checkpoints', 'step-00000001');
      expect(runInfoAbove(checkpoint)).toBeUndefined();
      run.writeInfo({ seed: 7 });
      expect(runInfoAbove(checkpoint)).toEqual({ seed: 7 });
      run.close();
    },
  );

  it('says of itself what was written of it', () => {
    const run = RunFolder.open(join(temporaryFolder(), 'runs', 'digits'));
    expect(run.readInfo()).toBeUndefined();
    run.writeInfo({ seed: 1, config: { b: 1, a: 2 } });
    expect(run.readInfo()).toEqual({ seed: 1, config: { a: 2, b: 1 } });
    run.close();
    expect(readdirSync(run.path)).toEqual(['run.json']);
  });

  it('goes with what was made for it where nothing was written, and stays else', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'runs', 'digits');
    RunFolder.open(path).close();
    expect(readdirSync(folder)).toEqual([]);
    const run = RunFolder.open(path);
    run.writeInfo({ seed: 1 });
    run.close();
    RunFolder.open(join(folder, 'runs', 'other')).close();
    expect(readdirSync(join(folder, 'runs'))).toEqual(['digits']);
    mkdirSync(join(folder, 'runs', 'own'));
    RunFolder.open(join(folder, 'runs', 'own')).close();
    expect(readdirSync(join(folder, 'runs'))).toEqual(['digits', 'own']);
  });

  it('is held by one process, by which the error names it, until that is killed', async () => {
    const path = join(temporaryFolder(), 'run');
    const child = spawn(process.execPath, ['--input-type=module', '-e', holder, path]);
    await once(child.stdout, 'data');
    expect(() => RunFolder.open(path)).toThrow(`is in use by process ${child.pid ?? '?'}`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const run = RunFolder.open(path);
    expect(JSON.parse(readFileSync(join(path, 'run.lock'), 'utf8'))).toMatchObject({
      pid: process.pid,
      host: hostname(),
    });
    run.close();
    expect(readdirSync(path)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')(
    'is free when its process was killed, though a parent that never asks keeps it listed',
    async () => {
      const path = join(temporaryFolder(), 'run');
      const script = '"$0" --input-type=module -e "$1" "$2" & exec sleep 60';
      const parent = spawn('sh', ['-c', script, process.execPath, holder, path]);
      try {
        await once(parent.stdout, 'data');
        const { pid } = JSON.parse(readFileSync(join(path, 'run.lock'), 'utf8')) as { pid: number };
        expect(() => RunFolder.open(path)).toThrow(`is in use by process ${pid}`);
        process.kill(pid, 'SIGKILL');
        await vi.waitFor(() => {
          expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(') Z ');
        });
        RunFolder.open(path).close();
      } finally {
        parent.kill('SIGKILL');
      }
    },
  );

  it('is taken over from a process whose number another one has now', () => {
    const path = temporaryFolder();
    const owner = { pid: process.pid, host: hostname(), started: '1' };
    writeFileSync(join(path, 'run.lock'), JSON.stringify(owner));
    RunFolder.open(path).close();
    writeFileSync(join(path, 'run.lock'), 'damaged');
    RunFolder.open(path).close();
    expect(readdirSync(path)).toEqual([]);
  });

  it('of another machine stays locked', () => {
    const path = temporaryFolder();
    writeFileSync(join(path, 'run.lock'), '{"pid":1,"host":"elsewhere","started":null}');
    expect(() => RunFolder.open(path)).toThrow(/process 1 on elsewhere/);
  });

  it('is cleared of what a killed writer left', () => {
    const path = temporaryFolder();
    mkdirSync(join(path, '.start.json.new-1-0-1'));
    RunFolder.open(path).close();
    expect(readdirSync(path)).toEqual([]);
  });

  it('is refused where it cannot be made', () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, '');
    expect(() => RunFolder.open(path)).toThrow(/a file is in the place of a folder/);
  });
});
