/**
 * Opens damaged files, as a process of its own that may be killed: node mutate.mjs INPUTS PLACE SEED FIRST
 * END. It tells its parent of each before it opens it, and of those that ended with a fault of Gradus.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodeOf, explainSystemError } from '../../dist/src/cli/exitCodes.js';
import { UnreadableImage } from '../../dist/src/data/pixels/decode.js';
import { Coverage } from './coverage.mjs';
import { makeFormats } from './formats.mjs';
import { mutator, randomFrom } from './mutators.mjs';

const [inputs, place, seed, first, end] = process.argv.slice(2);
const random = randomFrom(Number(seed) * 7919 + Number(first));
const mutate = mutator(random);
rmSync(place, { recursive: true, force: true });
mkdirSync(place, { recursive: true });
const formats = await makeFormats(inputs, place);
const coverage = new Coverage();

/** A word for how opening it ended, and the error if that is a fault of ours. */
async function outcome(format) {
  try {
    await format.open();
    return { word: 'taken' };
  } catch (error) {
    if (error instanceof UnreadableImage) return { word: 'refused' };
    const explained = explainSystemError(error);
    if (exitCodeOf(explained) !== 1) return { word: 'refused' };
    return { word: 'fault', error: String(error?.stack ?? error) };
  }
}

for (const format of formats) {
  const path = join(format.folder, format.file);
  format.corpus = [readFileSync(path)];
  if (format.pack) writeFileSync(path, format.pack(format.corpus[0]));
  const { error, word } = await outcome(format);
  coverage.anew();
  process.send({ kind: 'whole', format: format.name, word, error });
}
for (let i = Number(first); i < Number(end); i++) {
  const format = formats[i % formats.length];
  const { corpus, text, pack = (plain) => plain } = format;
  // What reached new code is often refused early: half of the inputs are of the whole file.
  const choose = () => corpus[random() < 0.5 ? 0 : Math.floor(random() * corpus.length)];
  const bytes = mutate(choose(), choose(), text);
  writeFileSync(join(format.folder, format.file), pack(bytes));
  process.send({ kind: 'begin', i, format: format.name, file: join(format.folder, format.file) });
  const start = performance.now();
  const { word, error } = await outcome(format);
  const anew = coverage.anew();
  if (anew && bytes.length < 2 ** 20) corpus.push(bytes);
  process.send({ kind: 'end', i, word, anew, error, milliseconds: performance.now() - start });
}
process.send({ kind: 'covered', blocks: coverage.size }, () => process.disconnect());
