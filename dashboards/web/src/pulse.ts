/** When to ask again after the live stream said that something changed. */

export interface Timer {
  now(): number;
  /** Calls back after `ms`; the result cancels. */
  after(ms: number, run: () => void): () => void;
}

export const browserTimer: Timer = {
  now: () => performance.now(),
  after: (ms, run) => {
    const id = setTimeout(run, ms);
    return () => clearTimeout(id);
  },
};

/**
 * Lets `run` start at once when it has rested for `gap_ms`, otherwise as soon as it has; never twice at the same time.
 * Any number of calls meanwhile make one more run.
 */
export function throttle(run: () => Promise<void>, gap_ms: number, timer: Timer = browserTimer) {
  let last = Number.NEGATIVE_INFINITY;
  let running = false;
  let again = false;
  let cancel: (() => void) | null = null;
  let stopped = false;

  const start = () => {
    cancel = null;
    running = true;
    again = false;
    last = timer.now();
    void run().finally(() => {
      running = false;
      if (again && !stopped) ask();
    });
  };
  const ask = () => {
    if (stopped || cancel) return;
    if (running) {
      again = true;
      return;
    }
    const wait = last + gap_ms - timer.now();
    if (wait <= 0) start();
    else cancel = timer.after(wait, start);
  };
  return {
    ask,
    stop: () => {
      stopped = true;
      cancel?.();
    },
  };
}
