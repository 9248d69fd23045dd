import { fnv1a32 } from '../../support/hash.js';
import { invariant } from '../../support/errors.js';
import { RandomOrder } from '../../support/permutation.js';
import { RandomStream } from '../../support/random.js';
import type { Drawn, DrawOrder } from './preparedBatches.js';

/*
 * Every class as often as any other. Draws come in rounds of one image of each class, the classes of a round in an
 * order of their own, and the images of a class in passes, each in an order of its own: a batch is balanced but for
 * the rest of a round, and no image is drawn twice before all others of its class were. What a place gets is a
 * function of the seed and the place alone, so a run resumes anywhere. Drawing classes with replacement, as
 * torch's WeightedRandomSampler does, would have the same mean and more noise.
 */

const sites = { round: fnv1a32('loader.round'), pass: fnv1a32('loader.pass') };

/** An order in which each class is drawn equally often. */
export class BalancedOrder implements DrawOrder {
  /** Images of each class. */
  readonly #members: readonly Uint32Array[];

  /** `labels` are the classes of all images; each class needs one. */
  constructor(
    labels: ArrayLike<number>,
    classes: number,
    private readonly stream: { readonly seed: number; readonly site: number },
  ) {
    const members: number[][] = Array.from({ length: classes }, () => []);
    for (let i = 0; i < labels.length; i++) members[labels[i] ?? 0]?.push(i);
    invariant(
      members.every((own) => own.length > 0),
      'a class without images in a balanced order',
    );
    this.#members = members.map((own) => Uint32Array.from(own));
  }

  at(place: number): Drawn {
    const { round, label, own } = this.#classAt(place);
    const visit = Math.floor(round / own.length);
    const order = this.#orderOf(own.length, sites.pass + label, visit);
    return { index: own[order.at(round % own.length)] ?? 0, visit };
  }

  /** Another image of the same class. */
  other(place: number, attempt: number): Drawn {
    const { own } = this.#classAt(place);
    const { seed, site } = this.stream;
    const id = { site: site ^ sites.round, step: attempt, sample: place };
    return { index: own[new RandomStream(seed, id).integer(own.length)] ?? 0, visit: place };
  }

  #classAt(place: number) {
    const classes = this.#members.length;
    const round = Math.floor(place / classes);
    const label = this.#orderOf(classes, sites.round, round).at(place % classes);
    const own = this.#members[label];
    invariant(own, `class ${label} of ${classes}`);
    return { round, label, own };
  }

  #orderOf(count: number, part: number, step: number): RandomOrder {
    const { seed, site } = this.stream;
    return new RandomOrder(count, seed, { site: (site ^ part) >>> 0, step });
  }
}
