/** What staff keep with a site besides its numbers: goals, funnels, segments, annotations. Asked for once a site. */
import { type Signal, signal } from "@preact/signals";
import { type Annotation, api, type Funnel, type Segment } from "./api";
import type { Goal } from "./goals";

interface Kept<T> {
  domain: string;
  list: Signal<T[] | null>;
  loading: Promise<T[]>;
}

/** A list of each site; what cannot be loaded counts as empty, for the numbers stand without it. */
function makeList<T>(ask: (domain: string) => Promise<T[]>) {
  const list = signal<T[] | null>(null);
  let kept: Kept<T> | null = null;
  const load = (domain: string, again = false): Promise<T[]> => {
    if (kept?.domain === domain && !again) return kept.loading;
    if (kept?.domain !== domain) list.value = null;
    const loading = ask(domain).catch((): T[] => []);
    const mine: Kept<T> = { domain, list, loading };
    kept = mine;
    void loading.then((found) => {
      if (kept === mine) list.value = found;
    });
    return loading;
  };
  /** What is known already, of a site whose lists cannot be asked for. */
  const put = (domain: string, found: T[]) => {
    kept = { domain, list, loading: Promise.resolve(found) };
    list.value = found;
  };
  return { list, load, put };
}

const goalList = makeList<Goal>(async (domain) => (await api.goals(domain)).goals);
const funnelList = makeList<Funnel>(async (domain) => (await api.funnels(domain)).funnels);
const segmentList = makeList<Segment>(async (domain) => (await api.segments(domain)).segments);
const annotationList = makeList<Annotation>(async (domain) => (await api.annotations(domain)).annotations);

/** `null` until known. */
export const goals = goalList.list;
export const funnels = funnelList.list;
export const segments = segmentList.list;
export const annotations = annotationList.list;
export const loadGoals = goalList.load;
export const putGoals = goalList.put;
export const putAnnotations = annotationList.put;
export const loadFunnels = funnelList.load;
export const putFunnels = funnelList.put;
export const loadSegments = segmentList.load;
export const loadAnnotations = annotationList.load;
