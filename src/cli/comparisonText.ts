/** Text of the difference between two networks on the test set. */
import type { NetworkComparison } from '../selftrain/loop/summary.js';
import type { AccuracyDifference } from '../selftrain/loop/testImages.js';
import { formatDifference } from '../support/statistics/share.js';
import { formatCount } from './table.js';

/** `student-1 against the control: 2.2 points (1.4 to 3.0) on the same 1,000 images`. */
export function describeComparison({ network, against, ...found }: NetworkComparison): string {
  const { difference, interval, paired, n } = found;
  const how = paired ? `on the same ${formatCount(n)} images` : 'unpaired';
  const chance = isClear(found) ? '' : ', which may be chance';
  return `${network} against the ${against}: ${formatDifference(difference, interval)} ${how}${chance}`;
}

/** True if the first network is better by more than chance explains. */
export function isBetter(found: AccuracyDifference): boolean {
  return found.difference > 0 && isClear(found);
}

function isClear({ interval: [low, high] }: AccuracyDifference): boolean {
  return low > 0 || high < 0;
}
