/**
 * Batches labelled with an inference graph: node gradusLabel.mjs FILE BATCH SIZE THREADS labeller|sessions|bare,
 * from dist/ and in a process of its own: by the labeller, in a session of all threads or in a session for
 * each, or by `session.run` alone. Writes "ready", then for each line, a number of seconds, a JSON array of
 * milliseconds of a batch, each the mean of a few: a labeller has two under way.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const dist = (path) => import(new URL(`../../dist/src/${path}`, import.meta.url).href);
const { Labeller } = await dist('index.js');
const { onnxruntimeNode } = await dist('runtime/executors/onnxruntimeNode.js');
const { zeroTensor } = await dist('support/tensor.js');
const { installedVersion } = await dist('language/frontend/installation.js');

const batchesPerSample = 4;
const [file, ...words] = process.argv.slice(2);
const [batch, size, threads] = words.slice(0, 3).map(Number);
const how = words[3];

const pixels = Uint8Array.from(
  { length: batch * size * size * 3 },
  (_, i) => (i * 2654435761) % 251,
);

/** Images that cost next to nothing to make, until a function says that it is enough. */
const cheapImages = (enough) => ({
  name: 'cheap',
  fingerprint: 'cheap',
  count: Number.MAX_SAFE_INTEGER,
  id: String,
  async *batches() {
    for (let start = 0; !enough(start / batch); start += batch)
      yield { indices: Array.from({ length: batch }, (_, i) => start + i), pixels };
  },
});

/** Gives something after each batch. */
async function labelling() {
  const sessions = how === 'sessions' ? { threads: 1, sessions: threads } : { threads };
  const labeller = await Labeller.create(file, { batch, ...sessions, device: 'cpu' });
  return (enough) => labeller.predict(cheapImages(enough), []);
}

async function bareSession() {
  const session = await onnxruntimeNode({ threads }).create(file);
  const image = zeroTensor('uint8', [batch, size, size, 3]);
  image.data.set(pixels);
  const feeds = { [session.inputNames[0]]: image };
  const { classes } = JSON.parse(readFileSync(join(dirname(file), 'manifest.json'), 'utf8'));
  const fetches = { [session.outputNames[0]]: zeroTensor('float32', [batch, classes]) };
  return async function* (enough) {
    for (let done = 0; !enough(done); done++) yield await session.run(feeds, fetches);
  };
}

const label = await (how === 'bare' ? bareSession() : labelling());
console.log(`ready ${installedVersion()}`);
for await (const line of createInterface(process.stdin)) {
  const begun = performance.now();
  const enough = (batches) =>
    batches >= 2 * batchesPerSample &&
    batches % batchesPerSample === 0 &&
    performance.now() - begun >= 1000 * Number(line);
  const taken = [];
  let [last, done] = [begun, 0];
  const batches = label(enough);
  while (!(await batches.next()).done) {
    if (++done % batchesPerSample > 0) continue;
    const now = performance.now();
    taken.push((now - last) / batchesPerSample);
    last = now;
  }
  console.log(JSON.stringify(taken));
}
