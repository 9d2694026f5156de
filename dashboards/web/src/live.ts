/** The live stream of one site: current visitors, and a sign whenever something changed. */
import { signal } from "@preact/signals";
import { api } from "./api";

export interface Pulse {
  current_visitors: number;
  events_today: number;
}

const RETRY_MS = [1000, 2000, 5000, 10_000];

/** `null` until the first pulse. */
export const currentVisitors = signal<number | null>(null);
/** Whether the stream is broken at the moment. */
export const liveLost = signal(false);

function readPulse(text: string): Pulse | null {
  try {
    const pulse = JSON.parse(text) as Partial<Pulse>;
    const { current_visitors, events_today } = pulse;
    return typeof current_visitors === "number" && typeof events_today === "number"
      ? { current_visitors, events_today }
      : null;
  } catch {
    return null;
  }
}

/**
 * Watches a site until the returned function is called. `changed` hears of every pulse but a repeated one; `first` marks
 * the one that only says how things stand.
 */
export function watch(domain: string, changed: (pulse: Pulse, first: boolean) => void): () => void {
  let source: EventSource | null = null;
  let retry = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let seen = "";
  currentVisitors.value = null;
  liveLost.value = false;

  // A refusal may mean that the session is over: asking for it shows the sign-in page then.
  const reopen = () => {
    api.session().catch(() => undefined);
    open();
  };
  const open = () => {
    source = new EventSource(api.livePath(domain));
    source.addEventListener("pulse", (event: MessageEvent<string>) => {
      const pulse = readPulse(event.data);
      if (!pulse) return;
      retry = 0;
      liveLost.value = false;
      currentVisitors.value = pulse.current_visitors;
      if (event.data === seen) return;
      const first = seen === "";
      seen = event.data;
      changed(pulse, first);
    });
    source.addEventListener("error", () => {
      liveLost.value = true;
      // The browser reconnects by itself unless the server refused; then we try again, ever more seldom.
      if (source?.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(reopen, RETRY_MS[Math.min(retry, RETRY_MS.length - 1)]);
      retry += 1;
    });
  };
  const close = () => {
    clearTimeout(timer);
    source?.close();
  };
  // A page that comes back from the browser's cache needs a new stream.
  const comeBack = (event: PageTransitionEvent) => event.persisted && open();
  addEventListener("pagehide", close);
  addEventListener("pageshow", comeBack);
  open();
  return () => {
    removeEventListener("pagehide", close);
    removeEventListener("pageshow", comeBack);
    close();
  };
}
