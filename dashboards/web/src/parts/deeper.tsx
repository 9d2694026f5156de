/** Below the panels: what visitors did, which ways they took, when they come, how fast pages are, and what is not counted. */
import type { Answer, Refusal } from "../api";
import { usePlace } from "../place";
import { funnels } from "../site-lists";
import { Deeds } from "./deeds";
import "./deeper.css";
import { Funnels } from "./funnels";
import { HeatMap } from "./heat-map";
import { Journeys } from "./journeys";
import { Uncounted } from "./uncounted";
import { Vitals } from "./vitals";

export function Deeper({ totals }: { totals: Answer | Refusal }) {
  const { reader } = usePlace();
  // Readers can't lay a funnel down: where there is none, nothing is said of it.
  const funnelled = !reader || Boolean(funnels.value?.length);
  return (
    <div class="deeper">
      <Deeds />
      {funnelled && <Funnels />}
      <Journeys />
      <HeatMap />
      <Uncounted totals={totals} />
      <Vitals />
    </div>
  );
}
