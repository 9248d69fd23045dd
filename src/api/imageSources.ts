import { join } from 'node:path';
import { ArrayDataset } from '../data/dataset.js';
import { arraySource, type ImageSource } from '../data/imageSource.js';
import { mnist } from '../data/mnist.js';
import { ConfigError } from '../support/errors.js';
import { digitNames, heldOutOf } from './trainFromConfig.js';

/**
 * The clean images that a command line names: `mnist`, or `mnist:DIR` for what `gradus data mnist
 * DIR` wrote. Throws a ConfigError for any other name.
 */
export function openImageSource(name: string): ImageSource {
  const [kind, folder = join('data', 'mnist')] = name.split(/:(.*)/s);
  if (kind !== 'mnist')
    throw new ConfigError(`there is no data set ${name}`, {
      code: 'data-set',
      where: name,
      hint: 'allowed: mnist, mnist:DIR',
    });
  const digits = new ArrayDataset({ ...mnist({ cacheDir: folder }), classes: digitNames.length });
  return arraySource(digits, { name, classNames: digitNames });
}

/** What a checkpoint's training held out of its labelled images; undefined where nothing is known of it. */
export function openHeldOut(checkpoint: string): ImageSource | undefined {
  const heldOut = heldOutOf(checkpoint);
  if (!heldOut) return undefined;
  return arraySource(heldOut, {
    name: `the images that ${checkpoint} held out`,
    classNames: digitNames,
  });
}
