// `npm run splits -- DIR` draws the published splits of CIFAR-10 anew, from the labels that
// `gradus data cifar10 DIR` packed: the same seed gives the same files. Needs a build.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawByClass, labelsOf } from '../dist/src/data/sets/images.js';
import { openSplit } from '../dist/src/data/sets/split.js';

const seed = 1;
const perClass = [100, 400];

const train = openSplit(join(process.argv[2] ?? 'data/cifar10', 'train.json'));
const classes = train.classNames.length;
for (const wanted of perClass) {
  const indices = drawByClass(labelsOf(train), classes, () => wanted, seed, 'cifar10');
  const content = { dataSet: 'CIFAR-10, training images', perClass: wanted, seed };
  const file = new URL(
    `../src/data/datasets/splits/cifar10-${wanted * classes}.json`,
    import.meta.url,
  );
  writeFileSync(file, JSON.stringify({ ...content, indices: [...indices] }));
}
