import { heldOutWarning, setLine, type OnSet, type SetDescription } from '../data/sets/describe.js';
import { deviceNote, type DeviceChoice } from '../runtime/machine/deviceNames.js';
import { formatClock, formatCount } from './table.js';
import { formatShareOf } from '../support/statistics/share.js';
import { wantsColour, type Environment } from './terminal.js';
import type { EvaluationEvent, Happening, ProgressEvent, StepEvent } from '../contract/events.js';

/** Shows a run's events: on a terminal one line that rewrites itself, elsewhere a line every 30 s. */
export interface Progress {
  readonly onEvent: (event: Happening) => void;
  /** Prints a line of its own above the progress. */
  note(text: string): void;
  /** Leaves the last state standing and the cursor on a fresh line. */
  end(): void;
}

/** Says on a line of its own what `--device auto` took. */
export function noteDevice(progress: Progress): (choice: DeviceChoice) => void {
  return (choice) => {
    const note = deviceNote(choice);
    if (note !== undefined) progress.note(note);
  };
}

/** Says on a line of its own which step stands for a run that has not ended. */
export function noteUnfinished(progress: Progress): (run: { readonly note: string }) => void {
  return ({ note }) => {
    progress.note(`note: ${note}`);
  };
}

/** Says what each set holds that a command opens; `sets` has the same for --json. */
export function noteSets(progress: Progress): {
  readonly onSet: OnSet;
  readonly sets: SetDescription[];
} {
  const sets: SetDescription[] = [];
  return {
    sets,
    onSet: (set) => {
      sets.push(set);
      progress.note(setLine(set));
      if (set.doubt !== undefined) progress.note(`warning: ${set.doubt}`);
      const warning = heldOutWarning(set);
      if (warning !== undefined) progress.note(warning);
    },
  };
}

export const silentProgress: Progress = {
  onEvent: () => undefined,
  note: () => undefined,
  end: () => undefined,
};

/** Milliseconds between two lines; a terminal's line is redrawn faster than that is read. */
const redrawInterval = 100;
const lineInterval = 30_000;
const barWidth = 20;

export class TerminalProgress implements Progress {
  readonly #environment: Environment;
  readonly #rewrites: boolean;
  #title = '';
  #steps: number | undefined;
  #first = 0;
  #begun = 0;
  #shown = -Infinity;
  #latest: StepEvent | ProgressEvent | undefined;
  #line = '';

  constructor(environment: Environment) {
    this.#environment = environment;
    const { stderr, variables } = environment;
    this.#rewrites = stderr.isTTY === true && variables['TERM'] !== 'dumb';
    this.#restart();
  }

  readonly onEvent = (event: Happening): void => {
    switch (event.kind) {
      case 'begin':
        this.#begin(event.title, event.steps, event.firstStep);
        break;
      case 'step':
      case 'progress':
        this.#latest = event;
        this.#show(false);
        break;
      case 'evaluation':
        this.note(
          `${this.#prefix()}step ${event.step}: validation accuracy ${formatShareOf(event.accuracy, event.images)}, loss ${event.loss.toFixed(4)}${judgedText(event)}`,
        );
        break;
      case 'saving':
      case 'checkpoint':
      case 'end':
        // A checkpoint every few seconds would drown the rest; the last one is named at the end.
        break;
      case 'message':
        this.note(event.text);
    }
  };

  note(text: string): void {
    this.#erase();
    this.#write(`${text}\n`);
    this.#redraw();
  }

  end(): void {
    this.#show(true);
    if (this.#rewrites && this.#line !== '') this.#write('\n');
    this.#line = '';
    this.#latest = undefined;
  }

  #begin(title: string, steps: number | undefined, firstStep: number | undefined): void {
    this.end();
    this.#title = title;
    this.#steps = steps;
    this.#first = firstStep ?? 0;
    this.#restart();
  }

  #restart(): void {
    this.#begun = this.#environment.now();
    // The first line elsewhere than on a terminal comes after a full interval.
    this.#shown = this.#rewrites ? -Infinity : this.#begun;
  }

  #show(last: boolean): void {
    const event = this.#latest;
    if (event === undefined) return;
    const now = this.#environment.now();
    if (!last && now - this.#shown < (this.#rewrites ? redrawInterval : lineInterval)) return;
    this.#shown = now;
    const text =
      event.kind === 'step'
        ? this.#describe(event, (now - this.#begun) / 1000)
        : this.#describeCount(event);
    if (this.#rewrites) {
      this.#erase();
      // One column stays free: a full line would wrap, and could not be rewritten.
      this.#line = text.slice(0, Math.max(20, (this.#environment.stderr.columns ?? 80) - 1));
      this.#redraw();
    } else this.#write(`${text}\n`);
  }

  #describe(event: StepEvent, seconds: number): string {
    const done = event.step - this.#first;
    const total = this.#steps;
    const parts = [
      `step ${event.step}${total === undefined ? '' : `/${total}`}`,
      `${formatRate(event.imagesPerSecond)} images/s`,
      `loss ${event.loss.toFixed(4)}`,
      `lr ${formatLearningRate(event.learningRate)}`,
    ];
    if (event.skipped !== undefined) parts.push(`skipped ${event.skipped}`);
    if (total !== undefined && done > 0)
      parts.push(`${formatClock((seconds / done) * Math.max(0, total - event.step))} left`);
    const bar = total !== undefined && this.#rewrites ? `${drawBar(event.step / total)} ` : '';
    return `${this.#prefix()}${bar}${parts.join('  ')}`;
  }

  #describeCount({ done, total, rate, unit }: ProgressEvent): string {
    const parts = [
      `${formatCount(done)}/${formatCount(total)} ${unit}`,
      `${formatRate(rate)} ${unit}/s`,
      `${formatClock((total - done) / rate)} left`,
    ];
    const bar = this.#rewrites ? `${drawBar(done / total)} ` : '';
    return `${this.#prefix()}${bar}${parts.join('  ')}`;
  }

  #prefix(): string {
    return this.#title === '' ? '' : `${this.#title}  `;
  }

  #erase(): void {
    if (this.#line === '') return;
    const blank = wantsColour(this.#environment.stderr, this.#environment.variables)
      ? '\r\u001b[K'
      : `\r${' '.repeat(this.#line.length)}\r`;
    this.#write(blank);
  }

  #redraw(): void {
    if (this.#line !== '') this.#write(this.#line);
  }

  #write(text: string): void {
    this.#environment.stderr.write(text);
  }
}

function drawBar(fraction: number): string {
  const filled = Math.round(barWidth * Math.min(1, Math.max(0, fraction)));
  return `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}]`;
}

function formatRate(rate: number): string {
  return rate >= 100 ? rate.toFixed(0) : rate.toPrecision(3);
}

/** Four digits whatever the size: `0.01000`, `1.234e-7`. */
function formatLearningRate(rate: number): string {
  if (rate === 0) return '0';
  return rate < 1e-4 ? rate.toExponential(3) : rate.toPrecision(4);
}

/** `, macroF1 0.7213`, where a run is judged by another figure than the accuracy. */
function judgedText({ judged }: EvaluationEvent): string {
  return judged ? `, ${judged.metric} ${judged.value.toFixed(4)}` : '';
}
