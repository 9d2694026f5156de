/** Waiting for the first beacon, or when it came. */
import { useRef } from "preact/hooks";
import { serverNow } from "../api";
import { formats, t } from "../language";
import "./first-beacon.css";
import { Icon } from "./icon";

export function FirstBeacon({ at }: { at: number | null }) {
  // When it arrives before our eyes that is worth more words than "3 seconds ago".
  const waited = useRef(false);
  if (at === null) waited.current = true;
  const ago = at === null ? 0 : serverNow() / 1000 - at;
  return (
    <p
      class="first-beacon"
      role="status"
      data-testid="first-beacon-status"
      data-value={at === null ? "waiting" : "arrived"}
    >
      {at === null ? <span class="first-beacon-wait" aria-hidden="true" /> : <Icon name="check" />}
      <span>
        {at === null
          ? t("beacon.waiting")
          : waited.current
            ? t("beacon.arrived_now")
            : t("beacon.arrived", { ago: formats().ago(ago) })}
      </span>
    </p>
  );
}
