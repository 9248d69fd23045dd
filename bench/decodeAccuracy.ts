/**
 * npx tsx bench/decodeAccuracy.ts FOLDER [--seeds 1,2,3] [--epochs 8] [--out DIR]: accuracy of networks that are
 * trained with `decode: 'fast'` and with `'exact'` on FOLDER/train and tested on FOLDER/test, by seed; and
 * what one of them says of test images that are decoded fast and exactly. Needs photos above 128 px.
 */
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { evaluateCheckpoint, predictImages, trainFromConfig } from '../src/index.js';
import { loadTrainingConfig } from '../src/training/config/loadTrainingConfig.js';
import type { Decoding } from '../src/contract/choices.js';
import { decodeFile } from '../src/data/pixels/decode.js';
import { evaluationFraming } from '../src/data/pixels/framing.js';

const side = 64;
const ways = ['fast', 'exact'] as const;

/** A small residual network of 64 px, a file so that a checkpoint can name it. */
const model = `
import { add, batchNorm, classifier, conv2d, defineLayer, defineModel, image, relu } from 'gradus';

const block = defineLayer('block', (x, { out, stride }) => {
  let y = relu(batchNorm(conv2d(x, { name: 'conv1', out, kernel: 3, padding: 1, stride, bias: false }), { name: 'bn1' }));
  y = batchNorm(conv2d(y, { name: 'conv2', out, kernel: 3, padding: 1, bias: false }), { name: 'bn2' });
  const same = x.channels === out && stride === 1;
  return relu(add(same ? x : conv2d(x, { name: 'shortcut', out, kernel: 1, stride, bias: false }), y));
});

export default defineModel({
  name: 'photos',
  input: image(3, ${side}, ${side}, { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }),
  classes: 10,
  build(x, { classes }) {
    x = relu(batchNorm(conv2d(x, { name: 'stem', out: 24, kernel: 4, stride: 2, padding: 1, bias: false }), { name: 'bn' }));
    for (const [i, out] of [24, 48, 96, 160].entries())
      x = block(x, { name: 'layer' + i, out, stride: i === 0 ? 1 : 2 });
    return classifier(x, { name: 'fc', classes });
  },
});
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    epochs: { type: 'string', default: '8' },
    out: { type: 'string' },
  },
});
const seeds = values.seeds.split(',').map(Number);
const folder = resolve(positionals[0] ?? '.');
const out = values.out ?? mkdtempSync(join(tmpdir(), 'gradus-decode-'));
const test = join(folder, 'test');

async function trained(seed: number, decode: Decoding): Promise<object> {
  const name = `${decode}-${seed}`;
  const written = {
    name,
    model: join(out, 'photos.model.mjs'),
    data: { labelled: join(folder, 'train'), decode },
    noise: { crop: { kind: 'random', area: [0.25, 1] }, flip: true },
    batch: 64,
    seed,
    epochs: Number(values.epochs),
    optimizer: { kind: 'adamw', learningRate: 2e-3, weightDecay: 0.05 },
    schedule: { kind: 'cosine', warmup: 1 },
    threads: 1,
  };
  const file = join(out, `${name}.config.json`);
  writeFileSync(file, JSON.stringify(written));
  const { config } = await loadTrainingConfig(file);
  const run = join(out, name);
  await trainFromConfig(config, { configFolder: out, out: run });
  const { n, accuracy } = await evaluateCheckpoint(run, { data: test, trust: true });
  return { seed, decode, n, accuracy };
}

/** The test images as the network sees them: equal sizes, so that nothing is resized again. */
async function seen(decode: Decoding): Promise<string[]> {
  const files: string[] = [];
  const view = { crop: 'squash', cropPct: 1 } as const;
  for (const name of readdirSync(test))
    for (const file of readdirSync(join(test, name))) {
      const frame = (image: { readonly width: number; readonly height: number }) =>
        evaluationFraming(image, { width: side, height: side }, view);
      const { data, width, height } = await decodeFile(join(test, name, file), frame, { decode });
      const to = join(out, `seen-${decode}`, name);
      mkdirSync(to, { recursive: true });
      const path = join(to, `${basename(file)}.png`);
      await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toFile(path);
      files.push(path);
    }
  return files;
}

async function changedBy(run: string): Promise<object> {
  const said = async (decode: Decoding) => {
    const { images } = await predictImages(await seen(decode), { model: run, trust: true });
    return images.map(({ classes }) => classes[0]);
  };
  const [fast, exact] = [await said('fast'), await said('exact')];
  const other = fast.filter((own, i) => own?.index !== exact[i]?.index);
  const off = fast.map((own, i) =>
    Math.abs((own?.probability ?? 0) - (exact[i]?.probability ?? 0)),
  );
  return {
    images: fast.length,
    changedClass: other.length,
    meanChangeOfConfidence: off.reduce((a, b) => a + b, 0) / off.length,
  };
}

mkdirSync(out, { recursive: true });
writeFileSync(join(out, 'photos.model.mjs'), model);
for (const seed of seeds)
  for (const decode of ways) console.log(JSON.stringify(await trained(seed, decode)));
for (const seed of seeds)
  console.log(JSON.stringify({ seed, ...(await changedBy(join(out, `exact-${seed}`))) }));
