// `npm run rates` measures the rates of this machine's kind of processor (AVX2 or AVX-512) and writes them to
// src/compiler/targets/cpu/rates.ts, by which lowerings are estimated. Needs a build, two cores and quiet.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { GraphBuilder } from '../dist/src/compiler/onnx/builder.js';
import { writeModel } from '../dist/src/compiler/onnx/writer.js';
import { conv, convKernelGrad } from '../dist/src/compiler/ops/conv.js';
import { relu } from '../dist/src/compiler/ops/elementwise.js';
import { cpuTarget } from '../dist/src/compiler/targets/cpu/index.js';
import { onnxruntimeNode } from '../dist/src/runtime/executors/onnxruntimeNode.js';
import { probeBlock } from '../dist/src/runtime/machine/probe.js';

const runs = 25;
const kinds = { 8: 'AVX2', 16: 'AVX-512' };

const block = await probeBlock();
if (process.arch !== 'x64' || !(block in kinds))
  throw new Error(`there is no place for the rates of a processor with blocks of ${block}`);
const { overrides } = cpuTarget({ block });

const type = (...shape) => ({ dtype: 'float32', shape });
const size = ({ shape }) => shape.reduce((a, b) => a * b, 1);

/** Microseconds of the fastest run of an op in one of its lowerings, `portable` its own. */
async function microseconds(op, name, inputs, output, attrs) {
  const rule = overrides.find((own) => own.op === op && own.name === name);
  const builder = new GraphBuilder({ opset: 21, name: 'rates' });
  const values = inputs.map(({ dtype, shape }, i) => builder.input(`x${i}`, dtype, shape));
  const [result] = (rule ?? op).onnx(builder.b, values, attrs, { inputs, outputs: [output] });
  // As in a step, the result is in the arena.
  builder.output(builder.b.Shape(result), 'shape', 'int64', [{ symbol: 'rank', factor: 1 }]);
  const options = { graphOptimization: 'disabled', memPattern: false, threads: 2 };
  const session = await onnxruntimeNode(options).create(writeModel(builder.build()).bytes);
  const feeds = Object.fromEntries(
    inputs.map((own, i) => [`x${i}`, { ...own, data: new Float32Array(size(own)).fill(0.5) }]),
  );
  let least = Infinity;
  for (let i = 0; i < runs; i++) {
    const begun = performance.now();
    await session.compute(feeds, session.outputNames);
    least = Math.min(least, 1000 * (performance.now() - begun));
  }
  await session.release();
  return least;
}

const [batch, channels, pixels] = [16, 64, 28];
const map = type(batch, channels, pixels, pixels);
const kernel = type(channels, channels, 3, 3);
const window = { strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1], groups: 1 };
const products = batch * channels * channels * pixels * pixels * 9;
const rate = (time) => Math.round(products / time / 1000) * 1000;
const gradient = { ...window, kernel: [3, 3] };
const kernelGrad = (name) => microseconds(convKernelGrad, name, [map, map], kernel, gradient);

const large = type(8, 96, 112, 112);
const passes = 2 * ((4 * size(large)) / 1e6);
const rates = {
  pass: Math.round((await microseconds(relu, 'portable', [large], large, {})) / passes),
  products: rate(await microseconds(conv, 'blocked-dense', [map, kernel], map, window)),
  skinnyProducts: rate(await kernelGrad('portable')),
  shiftedProducts: rate(await kernelGrad('blocked-shifted')),
};

const file = new URL('../src/compiler/targets/cpu/rates.ts', import.meta.url);
const number = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, '_');
const fields = Object.entries(rates).map(([name, value]) => `${name}: ${number(value)}`);
const lines = `  // ${kinds[block]}: ${cpus()[0].model}\n  ${block}: { ${fields.join(', ')} },\n`;
const old = new RegExp(`  // ${kinds[block]}: .*\\n  ${block}: .*\\n`);
const source = readFileSync(file, 'utf8');
if (!old.test(source)) throw new Error(`rates.ts has no line for blocks of ${block}`);
writeFileSync(file, source.replace(old, lines));
console.log(lines);
