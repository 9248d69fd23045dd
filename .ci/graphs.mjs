// Prints a hash of each of a few compiled graphs and what changed since .ci/graphs.txt was written:
// a refactor changes none of them. `--write` writes the file anew, `--check` fails on a difference.
// CI only prints: whether a change was meant, the commit message says and no script can know.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileModel } from '../dist/src/training/build/compileModel.js';
import { readModel } from '../dist/src/compiler/onnx/reader.js';
import { digitsModel } from '../dist/src/selftrain/tasks/digitsModel.js';

const file = new URL('graphs.txt', import.meta.url);
// Source positions in the graphs are relative to the working directory.
process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const digits = digitsModel({ name: 'digits', width: 1 });
const mixer = 'examples/mlp-mixer/mixer.model.ts';
// Weights are inputs everywhere, so that no initial value enters a hash.
const common = { artifacts: ['infer', 'grad', 'update', 'train'], weightInputs: true };
const requests = [
  ['digits opset 21', digits, { opset: 21 }],
  [
    'digits opset 17, batch 8, 8 bit, clip, ema',
    digits,
    { opset: 17, batch: 8, imageFormat: 'uint8-nhwc', maxNorm: 1, emaDecay: 0.99 },
  ],
  ['mlp-mixer opset 21, adamw', mixer, { opset: 21, optimizer: { kind: 'adamw' } }],
];

/** `name: 0123456789abcdef, 120 nodes`, a line an artifact. */
async function describe([name, model, options]) {
  const { artifacts } = await compileModel(model, { ...common, ...options });
  return Object.entries(artifacts).map(([kind, { onnx }]) => {
    const hash = createHash('sha256').update(onnx.bytes).digest('hex').slice(0, 16);
    return `${name}, ${kind}: ${hash}, ${readModel(onnx.bytes).graph.nodes.length} nodes`;
  });
}

const now = [];
for (const request of requests) now.push(...(await describe(request)));

const byName = (lines) => new Map(lines.map((line) => line.split(': ')));
const before = byName(existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []);
const after = byName(now);
let changes = 0;
for (const name of new Set([...before.keys(), ...after.keys()])) {
  const [was = 'missing', is = 'missing'] = [before.get(name), after.get(name)];
  if (was !== is) changes += 1;
  console.log(`${name}: ${was === is ? is : `${was} -> ${is}`}`);
}
if (process.argv.includes('--write')) writeFileSync(file, `${now.join('\n')}\n`);
else if (changes > 0) {
  console.log(`${changes} graphs differ from .ci/graphs.txt; if that is meant, npm run graphs`);
  if (process.argv.includes('--check')) process.exitCode = 1;
} else console.log('all as in .ci/graphs.txt');
