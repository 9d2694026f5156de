/** Below the panels: what visitors did, which ways they took, when they come, how fast pages are, and what is not counted. */
import type { Answer, Refusal } from "../api";
import { usePlace } from "../place";
import { Deeds } from "./deeds";
import "./deeper.css";
import { Funnels } from "./funnels";
import { HeatMap } from "./heat-map";
import { Journeys } from "./journeys";
import { Uncounted } from "./uncounted";
import { Vitals } from "./vitals";

export function Deeper({ totals }: { totals: Answer | Refusal }) {
  const { reader } = usePlace();
  return (
    <div class="deeper">
      <Deeds />
      {!reader && <Funnels />}
      {!reader && <Journeys />}
      <HeatMap />
      <Uncounted totals={totals} />
      <Vitals />
    </div>
  );
}
