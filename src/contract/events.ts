/**
 * The stream of events that every long task tells: training, labelling, filtering, evaluating, tuning.
 * Progress on a terminal, metrics.jsonl and whatever a user adds are listeners of this one type.
 */

/** Origin of an event, as far as it is known. */
export interface EventOrigin {
  /** Folder of the run. */
  readonly run?: string | undefined;
  /** The network at work, such as `teacher` or `student-1`; the second phase of one has a name of its own. */
  readonly network?: string | undefined;
  /** Optimizer steps that the network has done. */
  readonly step?: number | undefined;
}

/** A task begins: the training of a network, or one without steps. */
export interface BeginEvent {
  readonly kind: 'begin';
  /** Name of the task for people, such as `teacher` or `teacher labels`. */
  readonly title: string;
  /** The last step of a training. */
  readonly steps?: number | undefined;
  /** Steps done before, by the run that this one resumes; later ones that a file holds are done again. */
  readonly firstStep?: number | undefined;
}

/** A training step is done. */
export interface StepEvent {
  readonly kind: 'step';
  /** Counts from 1 over the whole run, a resumed one included. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  /** Fraction of the batch that is classified correctly. */
  readonly accuracy: number;
  readonly learningRate: number;
  /** Every metric of the training graph by its name, such as accuracy and grad_norm. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly imagesPerSecond: number;
  /** Time inside onnxruntime. */
  readonly runMilliseconds: number;
  /** Time before the step in which its images were not ready yet. */
  readonly waitMilliseconds: number;
  /** Steps of the run so far that overflowed and changed nothing; missing but in float16. */
  readonly skipped?: number;
}

/** The held-out images were looked at. */
export interface EvaluationEvent {
  readonly kind: 'evaluation';
  readonly step: number;
  readonly accuracy: number;
  readonly loss: number;
  /** Number of held-out images. */
  readonly images: number;
  /** The figure that the run is judged by; missing where it is the accuracy. */
  readonly judged?: { readonly metric: string; readonly value: number };
}

/** A checkpoint is about to be written: what a listener holds back for a file goes there first. */
export interface SavingEvent {
  readonly kind: 'saving';
  readonly step: number;
}

/** A checkpoint was written. */
export interface CheckpointEvent {
  readonly kind: 'checkpoint';
  readonly step: number;
  readonly path: string;
}

/** A network's training is over: done, stopped or failed. */
export interface EndEvent {
  readonly kind: 'end';
  readonly step: number;
}

/** Progress of a task without steps. */
export interface ProgressEvent {
  readonly kind: 'progress';
  /** Name of the task, such as `label` or `filter`. */
  readonly task: string;
  readonly done: number;
  readonly total: number;
  /** Units done in a second. */
  readonly rate: number;
  /** Unit that is counted, such as `images` or `rows`. */
  readonly unit: string;
}

/** A line for people. */
export interface MessageEvent {
  readonly kind: 'message';
  readonly text: string;
}

/** An event as its maker tells it. */
export type Happening =
  | BeginEvent
  | StepEvent
  | EvaluationEvent
  | SavingEvent
  | CheckpointEvent
  | EndEvent
  | ProgressEvent
  | MessageEvent;

/** An event as a listener hears it. */
export type RunEvent = Happening &
  EventOrigin & {
    /** Milliseconds since 1970. */
    readonly time: number;
  };

/** Hears events in their order; what it returns is not waited for. */
export type RunListener = (event: RunEvent) => unknown;

/** Options of what tells events. A listener that throws ends nothing: it is told no more, which is said once. */
export interface Telling {
  readonly onEvent?: RunListener | undefined;
  readonly listeners?: readonly RunListener[] | undefined;
  /** Milliseconds since 1970 (default: those of the system). */
  readonly clock?: (() => number) | undefined;
}
