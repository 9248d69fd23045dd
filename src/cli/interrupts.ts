const signals = ['SIGINT', 'SIGTERM'] as const;

/** The parts of the process that take signals; tests pass their own. */
export interface SignalSource {
  on(signal: (typeof signals)[number], listener: () => void): unknown;
  off(signal: (typeof signals)[number], listener: () => void): unknown;
  /** Ends the process at once. */
  die(): void;
}

/**
 * Runs `body` so that the first Ctrl-C, or SIGTERM, aborts its signal and the second ends the
 * process at once.
 */
export async function withInterrupts<T>(
  source: SignalSource,
  announce: () => void,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const listener = (): void => {
    if (controller.signal.aborted) {
      source.die();
      return;
    }
    announce();
    controller.abort();
  };
  for (const signal of signals) source.on(signal, listener);
  try {
    return await body(controller.signal);
  } finally {
    for (const signal of signals) source.off(signal, listener);
  }
}

/**
 * The signals of this process. To die it takes the signal again without a listener: process.exit
 * would end worker threads first, and one that is inside a session aborts the process with a dump.
 */
export const processSignals: SignalSource = {
  on: (signal, listener) => process.on(signal, listener),
  off: (signal, listener) => process.off(signal, listener),
  die: () => {
    process.removeAllListeners('SIGINT');
    process.kill(process.pid, 'SIGINT');
  },
};
