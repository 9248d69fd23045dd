import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exitCodeOf, explainSystemError } from '../../src/cli/exitCodes.js';
import {
  ArtifactError,
  ConfigError,
  DataError,
  DeviceError,
  InternalError,
  ModelError,
  TrainingError,
} from '../../src/support/errors.js';

const details = { code: 'test' };

describe('the exit status', () => {
  it.each([
    [new ConfigError('', details), 2],
    [new ModelError('', details), 3],
    [new DataError('', details), 4],
    [new ArtifactError('', details), 4],
    [new ArtifactError('', { code: 'not-writable' }), 2],
    [new DeviceError('', details), 5],
    [new TrainingError('', details), 6],
    [new InternalError('', details), 1],
    [new TypeError('x is undefined'), 1],
    ['a string', 1],
  ])('of %o is %d', (error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });
});

describe("a file system's refusal", () => {
  const refusal = (code: string, syscall: string): Error =>
    Object.assign(new Error(code), { code, syscall, path: '/build/x.onnx' });

  it.each([
    ['EACCES', 'open', 'cannot open /build/x.onnx: permission denied'],
    ['EACCES', 'mkdir', 'cannot write /build/x.onnx: permission denied'],
    ['ENOSPC', 'write', 'cannot write /build/x.onnx: no space left on the device'],
    ['EIO', 'rm', 'cannot write /build/x.onnx: the device reports an error'],
    ['ENAMETOOLONG', 'open', 'cannot open /build/x.onnx: the name is too long'],
    ['EROFS', 'open', 'cannot write /build/x.onnx: the file system is read-only'],
  ])('%s at %s is the user to mend', (code, syscall, message) => {
    const error = explainSystemError(refusal(code, syscall));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ message, where: '/build/x.onnx' });
  });

  it('of a path with a NUL character names the path as the fault', () => {
    let thrown: unknown;
    try {
      readFileSync('a\0b');
    } catch (error) {
      thrown = error;
    }
    expect(explainSystemError(thrown)).toMatchObject({ name: 'ConfigError', code: 'path-nul' });
  });

  it('stays what it is where its kind is unknown', () => {
    const error = refusal('ERR_INVALID_ARG_TYPE', 'open');
    expect(explainSystemError(error)).toBe(error);
  });
});

describe('a native library that does not load', () => {
  it.each([
    ['MODULE_NOT_FOUND', "Cannot find module '../bin/napi-v6/linux/x64/onnxruntime_binding.node'"],
    ['ERR_DLOPEN_FAILED', 'libonnxruntime.so.1: cannot open shared object file'],
  ])('%s is an error of the device, with what to install', (code, message) => {
    const error = explainSystemError(
      Object.assign(new Error(`${message}\nRequire stack:`), { code }),
    );
    expect(error).toBeInstanceOf(DeviceError);
    expect(error).toMatchObject({
      code: 'onnxruntime-missing',
      message: expect.stringContaining(message),
      hint: expect.stringContaining('ONNXRUNTIME_NODE_INSTALL=skip npm install'),
    });
  });
});
