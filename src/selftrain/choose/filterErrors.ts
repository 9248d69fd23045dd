import { DataError } from '../../support/errors.js';
import { option, phrase } from '../../support/phrase.js';
import { gridSteps, type ConfidenceCounts } from './selection.js';
import { textHistogram, thresholdFor } from './textHistogram.js';

/** A tenth of the labels, or what there is: enough to go on with. */
const sensibleShare = 0.1;

const shownClasses = 10;

/** Everything lies below the threshold: shows where, and a threshold that keeps something. */
export function nothingKept(
  counts: ConfidenceCounts,
  folder: string,
  threshold: number,
): DataError {
  const total = counts.total();
  const images = total.reduce((a, b) => a + b, 0);
  const lower = thresholdFor(total, Math.max(1, sensibleShare * images));
  const reached = total.slice(Math.round(lower * gridSteps)).reduce((a, b) => a + b, 0);
  return new DataError(
    `all ${images} labels lie below the threshold of ${threshold}: nothing would be kept`,
    {
      code: 'nothing-kept',
      where: folder,
      notes: ['labels by confidence:', ...textHistogram(total)],
      hint: phrase`${option('threshold', lower)} would keep ${reached} of them; a better teacher is more confident`,
    },
  );
}

/** Throws a DataError if a class has no label above the threshold. */
export function requireEveryClass(
  counts: ConfidenceCounts,
  classes: readonly string[],
  folder: string,
  threshold: number,
): void {
  const empty = classes.flatMap((name, i) =>
    counts.eligible(i) === 0
      ? [{ name, images: counts.images(i), highest: counts.highest(i) }]
      : [],
  );
  if (empty.length === 0) return;
  const highest = empty.map((own) => own.highest).filter((own) => own > 0);
  const lower = Math.floor(gridSteps * Math.min(...highest)) / gridSteps;
  const notes = empty
    .slice(0, shownClasses)
    .map(({ name, images, highest: own }) =>
      images === 0
        ? `${name}: no image has this label`
        : `${name}: ${images} labels, of a confidence of at most ${Number(own.toPrecision(6))}`,
    );
  if (empty.length > shownClasses) notes.push(`and ${empty.length - shownClasses} more`);
  const fix =
    highest.length > 0
      ? phrase`${option('threshold', lower)} keeps some of ${highest.length} of them; `
      : '';
  throw new DataError(
    `${empty.length} of ${classes.length} classes keep no image at a threshold of ${threshold}`,
    {
      code: 'class-empty',
      where: folder,
      notes,
      hint: phrase`${fix}${option('allowEmpty', true)} continues without them`,
    },
  );
}
