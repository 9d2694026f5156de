/** The dashboard's numbers: asked for in one batch, kept while the next batch is under way, renewed by the live stream. */
import { signal } from "@preact/signals";
import { api, codeOf, serverNow, session } from "./api";
import { needsGoals } from "./filters";
import type { Pulse } from "./live";
import { throttle } from "./pulse";
import { type Board, boardQuestions, eventsToday, readBoard } from "./questions";
import { includesToday } from "./ranges";
import { loadGoals } from "./site-lists";
import type { View } from "./view";

const PULSE_GAP_MS = 1000;
/** What lies below costs more to ask than the first batch, and is looked at for longer. */
const LOWER_GAP_MS = 5000;

/** Grows whenever the live stream says that what was asked for when it was seen is to be asked again. */
export const renewals = signal(0);

export interface Shown {
  board: Board;
  /** The view these numbers answer, which may be the one before the present. */
  domain: string;
  view: View;
}

export function makeBoard() {
  const shown = signal<Shown | null>(null);
  const loading = signal(false);
  const failure = signal<string | null>(null);
  let wanted: { domain: string; view: View; zone: string } | null = null;
  let stop: AbortController | null = null;
  let firstPulse: Pulse | null = null;

  /** Whether a change of the site's today changes these numbers. */
  const concerned = () =>
    wanted !== null && Boolean(session.peek()) && includesToday(wanted.view.range, wanted.zone, serverNow());
  /** Whether the first pulse knows of other events than the numbers that came meanwhile; told once both are here. */
  const outdated = () => {
    const current = shown.peek();
    if (!firstPulse || loading.peek() || !current) return false;
    const pulse = firstPulse;
    firstPulse = null;
    return concerned() && eventsToday(current.board, current.view) !== pulse.events_today;
  };

  const load = async () => {
    if (!wanted) return;
    const { domain, view, zone } = wanted;
    stop?.abort();
    const mine = new AbortController();
    stop = mine;
    loading.value = true;
    try {
      const goals = needsGoals(view.filters) ? await loadGoals(domain) : [];
      if (stop !== mine) return;
      const { answers } = await api.ask(boardQuestions({ domain, view, zone, now: serverNow(), goals }), mine.signal);
      if (stop !== mine) return;
      shown.value = { board: readBoard(answers), domain, view };
      failure.value = null;
    } catch (error) {
      if (stop === mine) failure.value = codeOf(error);
    } finally {
      if (stop === mine) loading.value = false;
    }
    if (stop === mine && outdated()) renew.ask();
  };
  const renew = throttle(async () => {
    // Nobody looks: the numbers are renewed when somebody does.
    if (document.visibilityState === "visible") {
      await load();
      // Only now: what is looked at first must not wait for what lies below.
      lower.ask();
    } else missed = true;
  }, PULSE_GAP_MS);
  const lower = throttle(async () => {
    renewals.value += 1;
  }, LOWER_GAP_MS);
  let missed = false;

  const looked = () => {
    if (!missed || document.visibilityState !== "visible") return;
    missed = false;
    renew.ask();
  };
  document.addEventListener("visibilitychange", looked);

  return {
    shown,
    loading,
    failure,
    show(domain: string, view: View, zone: string) {
      if (shown.peek()?.domain !== domain) shown.value = null;
      wanted = { domain, view, zone };
      return load();
    },
    retry: load,
    /** The live stream said that something changed; its first word may only say what the numbers say already. */
    pulsed(pulse: Pulse, first: boolean) {
      if (first) firstPulse = pulse;
      if (first ? !outdated() : !concerned()) return;
      renew.ask();
    },
    close() {
      stop?.abort();
      renew.stop();
      lower.stop();
      document.removeEventListener("visibilitychange", looked);
    },
  };
}

export type BoardStore = ReturnType<typeof makeBoard>;
