/** The values of a dimension that occur in the shown period, for the filter's dialog. */
import { useEffect, useState } from "preact/hooks";
import { api, isRefusal, serverNow } from "../api";
import { type Dimension, readDimension } from "../dimensions";
import { OTHER, valueName } from "../list-rows";
import { usePlace } from "../place";
import { rowsQuestion } from "../questions";
import { goals, loadGoals } from "../site-lists";

const OFFERED = 50;
const PAUSE_MS = 180;

/** Dimensions whose values have names: they are few, so all are asked for and the names are searched here. */
const NAMED: ReadonlySet<string> = new Set(["country", "region", "device", "channel", "screen", "language"]);

/** Those whose name has `typed` within; none while `typed` is null. Other filters hold, those of the dimension itself don't. */
export function useValues(dimension: Dimension, typed: string | null): string[] {
  const { site, view } = usePlace();
  const [values, setValues] = useState<string[]>([]);
  const named = NAMED.has(dimension);
  const search = named ? "" : (typed ?? "").trim();
  const wanted = typed !== null;
  useEffect(() => {
    setValues([]);
    if (!wanted || !readDimension(dimension)) return;
    if (dimension === "goal") {
      void loadGoals(site.domain);
      return;
    }
    const stop = new AbortController();
    const filters = view.filters.filter((filter) => filter.dimension !== dimension && filter.dimension !== "goal");
    const timer = setTimeout(
      () => {
        const asking = { domain: site.domain, view: { ...view, filters }, zone: site.timezone, now: serverNow() };
        const question = rowsQuestion(asking, [dimension], ["visitors"], { limit: named ? 300 : OFFERED, search });
        api.ask([question], stop.signal).then(
          ({ answers: [answer] }) => {
            if (!answer || isRefusal(answer) || stop.signal.aborted) return;
            setValues(answer.results.map((row) => row.dimensions[0] ?? "").filter((value) => value && value !== OTHER));
          },
          () => undefined,
        );
      },
      search ? PAUSE_MS : 0,
    );
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [site.domain, dimension, search, wanted]);
  if (!wanted) return [];
  const found = dimension === "goal" ? (goals.value ?? []).map(({ name }) => name) : values;
  const text = typed.trim().toLowerCase();
  return named || dimension === "goal"
    ? found.filter((value) => `${value} ${valueName(dimension, value)}`.toLowerCase().includes(text))
    : found;
}
