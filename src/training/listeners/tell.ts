import type {
  EventOrigin,
  Happening,
  RunEvent,
  RunListener,
  Telling,
} from '../../contract/events.js';

/** Tells an event to all who listen. */
export type Tell = (event: Happening & EventOrigin) => void;

/**
 * Joins the listeners of a task. Each event gets the time and the origin; if the task is part of a
 * larger one that tells more, the larger one's word stands.
 */
export function teller(
  { onEvent, listeners = [], clock = Date.now }: Telling,
  origin: EventOrigin = {},
): Tell {
  const hearing = new Set(onEvent ? [onEvent, ...listeners] : listeners);
  const fail = (listener: RunListener, error: unknown, { step }: EventOrigin): void => {
    if (!hearing.delete(listener)) return;
    const reason = error instanceof Error ? error.message : String(error);
    const text = `an event listener failed and receives no more events: ${reason}`;
    if (hearing.size === 0) process.emitWarning(text);
    else tell({ kind: 'message', text: `warning: ${text}`, step });
  };
  const tell: Tell = (event) => {
    if (hearing.size === 0) return;
    const told: RunEvent = { ...event, ...origin, time: clock() };
    for (const listener of hearing)
      try {
        const heard = listener(told);
        if (heard instanceof Promise)
          heard.catch((error: unknown) => {
            fail(listener, error, told);
          });
      } catch (error) {
        fail(listener, error, told);
      }
  };
  return tell;
}

/** The options of a task whose listeners are joined, for its parts. */
export function listening<T extends Telling>(
  { onEvent, listeners, clock, ...options }: T,
  origin: EventOrigin = {},
): Omit<T, keyof Telling> & { readonly onEvent: Tell } {
  return { ...options, onEvent: teller({ onEvent, listeners, clock }, origin) };
}

/** Tells how much of a task is done; its rate is the mean since this call. */
export function progressTeller(
  telling: Telling,
  { task, unit }: { readonly task: string; readonly unit: string },
): (done: number, total: number) => void {
  const tell = teller(telling);
  const start = performance.now();
  return (done, total) => {
    const rate = (1000 * done) / (performance.now() - start);
    tell({ kind: 'progress', task, done, total, rate, unit });
  };
}
