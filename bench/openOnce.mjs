// node bench/openOnce.mjs CHECKOUT folder|list|stat PATH: time to open a set with a built checkout, the second time.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [checkout = '.', kind = 'folder', path = ''] = process.argv.slice(2);
/** A module of the checkout's data; checkouts before the rooms have one flat folder. */
async function load(room, name) {
  const data = join(resolve(checkout), 'dist/src/data');
  const path = [join(data, room, name), join(data, name)].find((each) => existsSync(each));
  return import(pathToFileURL(path).href);
}
const { openImageFolder } = await load('sets', 'folder.js');
const { openImageList } = await load('sets', 'list.js');
const open = () => (kind === 'list' ? openImageList(path) : openImageFolder(path));

const [times, cpu] = [[], []];
for (let i = 0; i < 2; i++) {
  const start = performance.now();
  const used = process.cpuUsage();
  const images = await open();
  if (kind === 'stat') {
    const { statImages } = await load('memory', 'fileStats.js');
    const begin = performance.now();
    await statImages(images);
    times.push(performance.now() - begin);
  } else times.push(performance.now() - start);
  const { user, system } = process.cpuUsage(used);
  cpu.push((user + system) / 1000);
}
// The first finds the code cold.
const memory = process.memoryUsage.rss();
console.log(JSON.stringify({ milliseconds: Math.min(...times), cpu: Math.min(...cpu), memory }));
process.exit(0);
