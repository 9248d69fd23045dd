/** Text about an audit and a marked sample of labels, for people. */
import { auditedAbove, type AuditResult } from '../selftrain/labels/audit.js';
import type { SampleResult } from '../selftrain/labels/figureSchemas.js';
import { formatPercent, formatShare } from '../support/statistics/share.js';
import { formatCount } from './table.js';

/** Accuracy and calibration over all audited images. */
export function accuracyLine({ images, accuracy, calibrationError }: AuditResult): string {
  return (
    `accuracy on ${formatCount(images)} held-out labelled images: ${formatShare(accuracy, images)}, ` +
    `calibration error ${calibrationError.toFixed(4)}`
  );
}

/** The precision of kept labels: as measured, as weighted, and what that assumes. */
export function precisionLines(audit: AuditResult): string[] {
  const { precision } = audit;
  const n = auditedAbove(audit);
  if (precision === null)
    return ['no held-out labelled image reaches the thresholds, so precision is unknown'];
  const own = `precision on ${formatCount(n)} held-out labelled images: ${formatShare(precision, n)}`;
  return [own, ...matchedLines(audit), assumption];
}

/** The same images weighted as the kept labels are sure, if that was done. */
export function matchedLines({ matched }: AuditResult): string[] {
  if (!matched) return [];
  const { precision, n, interval, outside } = matched;
  const worth = formatCount(Math.max(1, Math.round(n)));
  const share = formatShare(precision, n, interval);
  const lines = [`weighted to the confidences of the kept labels: ${share}, worth ${worth} images`];
  if (outside >= 0.005)
    lines.push(
      `${formatPercent(outside, 0)} of the kept labels are less confident than any of these images, so their precision is not measured`,
    );
  return lines;
}

/** Assumption behind the figures of held-out images. */
export const assumption = 'assumption: the unlabelled images resemble the held-out ones';

/** Figures that a person found in a random sample. */
export function sampleLines(sample: SampleResult | null): string[] {
  if (sample === null) return [];
  const { n, right, precision, interval, of, below } = sample;
  const marked =
    n === of
      ? ''
      : `; ${formatCount(of - n)} of the sample ${of - n === 1 ? 'is' : 'are'} not marked`;
  const out = below === 0 ? '' : `; ${formatCount(below)} lie below the thresholds`;
  if (precision === null || interval === null)
    return [`none of the ${formatCount(of)} images of the random sample is marked${out}`];
  return [
    `precision on a random sample that a person marked: ${formatCount(right)} of ${formatCount(n)} correct, ` +
      `${formatShare(precision, n, interval)}${marked}${out}`,
  ];
}
