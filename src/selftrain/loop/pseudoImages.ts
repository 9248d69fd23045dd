import { subsetOf, type Images, type Targets } from '../../data/sets/images.js';
import { ArtifactError } from '../../support/errors.js';
import type { PseudoLabels } from '../choose/keptStore.js';

/** Images to train on with what a teacher said of them. */
export interface PseudoImages {
  readonly images: Images;
  readonly targets: Targets;
}

/**
 * The images of an unlabelled set that kept labels name, each as often as it has copies. Throws an
 * ArtifactError if the labels are of another set than that of `fingerprint`.
 */
export function pseudoImages(
  unlabelled: Images,
  labels: PseudoLabels,
  { path, fingerprint }: { readonly path: string; readonly fingerprint: string },
): PseudoImages {
  const { info, indices, copies, targets } = labels;
  if (info.data.fingerprint !== fingerprint)
    throw new ArtifactError(`${path} does not label the images of ${unlabelled.name}`, {
      code: 'labels-differ',
      where: path,
      notes: [`it labels ${info.data.name}, ${info.data.size} images`],
      hint: 'label these images, or set data.unlabelled to the set that was labelled',
    });
  const total = copies.reduce((a, b) => a + b, 0);
  /** The row of the labels that each image to train on comes from. */
  const rows = new Uint32Array(total);
  let next = 0;
  for (const [row, count] of copies.entries()) {
    rows.fill(row, next, next + count);
    next += count;
  }
  const classes = info.classes.length;
  const places = rows.map((row) => indices[row] ?? 0);
  return {
    images: subsetOf(unlabelled, places),
    targets: {
      classes,
      target(i, out) {
        const row = rows[i] ?? 0;
        out.set(targets.subarray(row * classes, (row + 1) * classes));
      },
      weight: () => 1,
    },
  };
}
