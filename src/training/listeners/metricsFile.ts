import type { Happening, StepEvent } from '../../contract/events.js';
import { MetricsWriter, type MetricsRecord } from '../../runtime/storage/metrics.js';

/**
 * Writes metrics.jsonl of a network's training: its steps and evaluations, without times, so that a
 * resumed run has the lines of a whole one. What waits in memory is on disk before a checkpoint is.
 */
export function metricsFile(path: string): (event: Happening) => void {
  let file: MetricsWriter | undefined;
  return (event) => {
    switch (event.kind) {
      case 'begin':
        file = MetricsWriter.open(path, event.firstStep);
        break;
      case 'step':
        file?.append(lineOf(event));
        break;
      case 'evaluation': {
        const { step, accuracy, loss, judged } = event;
        const more = judged && { [judged.metric]: judged.value };
        file?.append({ kind: 'eval', step, accuracy, loss, ...more });
        break;
      }
      case 'saving':
        file?.flush();
        break;
      case 'end':
        file?.close();
        break;
      default:
    }
  };
}

/** The figures that all versions wrote come first. */
function lineOf({
  kind,
  step,
  epoch,
  loss,
  accuracy,
  learningRate,
  ...event
}: StepEvent): MetricsRecord {
  const { skipped, metrics } = event;
  // The graph's own count of skipped steps is of this step alone.
  const { accuracy: _again, skipped: _now, ...more } = metrics;
  const figures = { kind, step, epoch, loss, accuracy, learningRate };
  return { ...figures, ...(skipped !== undefined && { skipped }), ...more };
}
