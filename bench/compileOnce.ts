/** tsx bench/compileOnce.ts MODEL: compiles a training step once and prints what it took as JSON. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as compileModelModule from '../src/training/build/compileModel.js';
import type * as compilerModule from '../src/compiler/compile/compile.js';
import type * as modelsModule from '../src/language/models/index.js';
import type * as readerModule from '../src/compiler/onnx/reader.js';

/** One compilation in a process of its own. */
export interface Compilation {
  readonly nodes: number;
  /** Of train.onnx. */
  readonly bytes: number;
  /** Wall seconds: the program (trace, gradients, optimizer), passes, ONNX, files. */
  readonly seconds: Readonly<Record<'program' | 'passes' | 'onnx' | 'files' | 'all', number>>;
  /** Processor seconds of all threads, the collector's too. */
  readonly cpuSeconds: number;
  /** Of the whole process. */
  readonly peakMegabytes: number;
  /** The same before the compilation: Node and the compiler's code. */
  readonly startMegabytes: number;
}

/** What users run is dist/, not the sources. */
const load = async <T>(path: string): Promise<T> =>
  (await import(new URL(`../dist/src/${path}`, import.meta.url).href)) as T;

const { compile } = await load<typeof compilerModule>('compiler/compile.js');
const { writeCompiled } = await load<typeof compileModelModule>('api/compileModel.js');
const { cifarResnet, findShippedModel } = await load<typeof modelsModule>('models/index.js');
const { readModel } = await load<typeof readerModule>('onnx/reader.js');

const [name = ''] = process.argv.slice(2);
const [, depth] = /^resnet(\d+)_cifar$/.exec(name) ?? [];
const model =
  depth === undefined ? findShippedModel(name)?.model : cifarResnet({ depth: Number(depth) });
if (model === undefined) throw new Error(`no shipped model ${name}`);

const megabytes = (): number => Math.round(process.resourceUsage().maxRSS / 1024);
const folder = mkdtempSync(join(tmpdir(), 'gradus-bench-'));
const startMegabytes = megabytes();
const cpu = process.cpuUsage();
const start = performance.now();
let [programDone, passesDone] = [start, start];
const compiled = compile(model, {
  batch: 1,
  artifacts: ['train'],
  onPass: (_, pass) => {
    passesDone = performance.now();
    if (pass === 'start') programDone = passesDone;
  },
});
const onnxDone = performance.now();
writeCompiled(folder, compiled);
const end = performance.now();
const { user, system } = process.cpuUsage(cpu);
const peakMegabytes = megabytes();
rmSync(folder, { recursive: true });

const bytes = compiled.artifacts.train?.onnx.bytes ?? new Uint8Array();
const result: Compilation = {
  nodes: readModel(bytes).graph.nodes.length,
  bytes: bytes.length,
  seconds: {
    program: (programDone - start) / 1000,
    passes: (passesDone - programDone) / 1000,
    onnx: (onnxDone - passesDone) / 1000,
    files: (end - onnxDone) / 1000,
    all: (end - start) / 1000,
  },
  cpuSeconds: (user + system) / 1e6,
  peakMegabytes,
  startMegabytes,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
