import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  makeFolder,
  recoverFolder,
  removeFolder,
  writeDurably,
  writeFileAtomic,
  writeFolderAtomic,
} from '../../../src/runtime/storage/atomic.js';
import { formatBytes, writeError } from '../../../src/runtime/storage/fileErrors.js';
import { ArtifactError, TrainingError } from '../../../src/support/errors.js';
import { temporaryFolder } from '../../support/folder.js';
import { repositoryRoot } from '../../support/paths.js';

const text = (value: string) => [new TextEncoder().encode(value)];

function fail(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe('a file written atomically', () => {
  it('is replaced whole and leaves nothing beside it', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.json');
    writeFileAtomic(path, 'first');
    writeFileAtomic(path, text('second'));
    expect(readFileSync(path, 'utf8')).toBe('second');
    expect(readdirSync(folder)).toEqual(['a.json']);
  });

  it('stays as it was when the writer fails half-way', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.json');
    writeFileAtomic(path, 'old');
    const pieces = (function* () {
      yield new Uint8Array(10);
      throw fail('ENOSPC');
    })();
    expect(() => writeFileAtomic(path, pieces)).toThrow(TrainingError);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['a.json']);
  });

  it('clears what killed writers of this machine left beside it, and nothing of live ones', async () => {
    const folder = temporaryFolder();
    const script = `
      import { AtomicFile } from '${pathToFileURL(`${repositoryRoot}/dist/src/runtime/storage/atomic.js`).href}';
      new AtomicFile(process.argv[1]).write(new Uint8Array(3));
      console.log('half');
      setInterval(() => {}, 1000);`;
    const write = async (name: string): Promise<ChildProcess> => {
      const args = ['--input-type=module', '-e', script, join(folder, name)];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(child.stdout, 'data');
      return child;
    };
    const [killed, live] = await Promise.all([write('killed'), write('live')]);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const elsewhere = '.other.new-4194304-12-00000000-0-1';
    writeFileSync(join(folder, elsewhere), 'of another machine');
    writeFileSync(join(folder, '.young.new-4194304-0-1'), 'of an older version, just now');
    writeFileSync(join(folder, '.old.new-4194304-0-1'), 'of an older version');
    utimesSync(join(folder, '.old.new-4194304-0-1'), 1, 1);
    writeFileAtomic(join(folder, 'a.json'), 'x');
    expect(readdirSync(folder).sort()).toEqual([
      expect.stringMatching(/^\.live\.new-/),
      elsewhere,
      '.young.new-4194304-0-1',
      'a.json',
    ]);
    live.kill('SIGKILL');
  });

  it('is refused where a file stands for its folder', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    expect(() => writeFileAtomic(join(folder, 'file', 'a'), 'x')).toThrow(
      /a file is in the place of/,
    );
    expect(() => makeFolder(join(folder, 'file', 'deep'))).toThrow(/a file is in the place of/);
  });
});

describe('a folder made with those above it', () => {
  it('may be there already, or appear in part', () => {
    const folder = temporaryFolder();
    makeFolder(join(folder, 'a'));
    makeFolder(join(folder, 'a', 'b', 'c'));
    makeFolder(join(folder, 'a', 'b', 'c'));
    expect(existsSync(join(folder, 'a', 'b', 'c'))).toBe(true);
  });
});

describe('a folder written atomically', () => {
  it('replaces the one before it', () => {
    const parent = temporaryFolder();
    const path = join(parent, 'step');
    for (const value of ['one', 'two'])
      writeFolderAtomic(path, (folder) => writeDurably(join(folder, 'x'), text(value)));
    expect(readFileSync(join(path, 'x'), 'utf8')).toBe('two');
    expect(readdirSync(parent)).toEqual(['step']);
  });

  it('leaves the old one when the disk is full, and says how much it needs', () => {
    const parent = temporaryFolder();
    const path = join(parent, 'step');
    writeFolderAtomic(path, (folder) => writeDurably(join(folder, 'x'), text('old')));
    const fill = (): void => {
      throw fail('ENOSPC');
    };
    expect(() => writeFolderAtomic(path, fill, 1_234_567)).toThrow(
      /no space left to write .*step \(1\.2 MB needed\)/,
    );
    expect(readFileSync(join(path, 'x'), 'utf8')).toBe('old');
    expect(readdirSync(parent)).toEqual(['step']);
  });

  it('goes at once when removed', () => {
    const parent = temporaryFolder();
    mkdirSync(join(parent, 'step'));
    removeFolder(join(parent, 'step'));
    expect(readdirSync(parent)).toEqual([]);
  });
});

describe('recovery', () => {
  it('removes half-written files and restores a folder whose replacement never came', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, '.step-1.new-99-0-1'));
    writeFileSync(join(folder, '.a.json.new-99-0-2'), 'half');
    mkdirSync(join(folder, '.step-2.old-99-0-3'));
    writeFileSync(join(folder, '.step-2.old-99-0-3', 'x'), 'kept');
    mkdirSync(join(folder, '.step-3.old-99-0-4'));
    mkdirSync(join(folder, 'step-3'));
    writeFileSync(join(folder, '.gitignore'), '');
    recoverFolder(folder);
    expect(readdirSync(folder).sort()).toEqual(['.gitignore', 'step-2', 'step-3']);
    expect(existsSync(join(folder, 'step-2', 'x'))).toBe(true);
  });
});

describe('a failed write', () => {
  it('names the path and what to do', () => {
    expect(writeError(fail('EACCES'), '/x')).toMatchObject({
      message: 'no permission to write /x',
      code: 'not-writable',
    });
    expect(writeError(fail('EROFS'), '/x')).toBeInstanceOf(ArtifactError);
    expect(writeError(fail('EROFS'), '/x').message).toMatch(/read-only/);
    expect(writeError(fail('EIO'), '/x').message).toBe('cannot write /x: EIO');
  });

  it('counts bytes in units that fit', () => {
    expect([0, 999, 1500, 2.5e9].map(formatBytes)).toEqual([
      '0 bytes',
      '999 bytes',
      '1.5 kB',
      '2.5 GB',
    ]);
  });
});
