import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pbjs from 'protobufjs-cli/pbjs.js';
import { InternalError } from '../../support/errors.js';

const leftOut = ['create', 'verify', 'convert', 'delimited', 'typeurl', 'service'];

/** The text of generated/proto/onnx.js and onnx.d.ts, made by protobufjs from schemas/onnx.proto. */
export async function protoModule(root: URL): Promise<{ js: string; dts: string }> {
  const proto = fileURLToPath(new URL('schemas/onnx.proto', root));
  const directory = mkdtempSync(join(tmpdir(), 'gradus-proto-'));
  try {
    const out = join(directory, 'onnx.js');
    // The types come out of the comments, which the code itself is better without.
    await run([proto, '--dts', '--out', out]);
    // Before TypeScript 5.5 the import of a CommonJS module gives no type in a module for bundlers.
    const dts = readFileSync(join(directory, 'onnx.d.ts'), 'utf8').replace(
      'import Long = require("long");',
      'import type Long from "long";',
    );
    await run([proto, '--no-comments', '--out', out]);
    return { js: readFileSync(out, 'utf8'), dts };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function run(args: readonly string[]): Promise<void> {
  const options = ['--target', 'static-module', '--wrap', 'esm', '--root', 'gradus-onnx'];
  options.push('--dependency', 'protobufjs/minimal.js', ...leftOut.map((name) => `--no-${name}`));
  return new Promise((resolve, reject) => {
    pbjs.main([...options, ...args], (cause) => {
      if (cause) reject(new InternalError('pbjs failed', { code: 'codegen', cause }));
      else resolve();
    });
  });
}
