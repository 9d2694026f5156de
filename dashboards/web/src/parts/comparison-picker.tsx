/** Which period the numbers are compared with. */
import { useState } from "preact/hooks";
import { serverNow } from "../api";
import type { Comparison } from "../comparison";
import { useKeys } from "../keys";
import { formats, t } from "../language";
import { usePlace } from "../place";
import { COMPARE_KEY } from "../ranges";
import { today } from "../site-clock";
import { Calendar } from "./calendar";
import { Disclosure } from "./disclosure";
import "./comparison-picker.css";

export function ComparisonPicker() {
  const { view, show } = usePlace();
  const { comparison } = view;
  const toggle = () => show({ comparison: comparison ? null : { kind: "previous", weekdays: false } });
  useKeys(view.range.kind === "live" ? {} : { [COMPARE_KEY]: toggle });
  if (view.range.kind === "live") return null;
  const label =
    comparison?.kind === "custom"
      ? formats().dateRange(comparison.from, comparison.to, true)
      : t(comparison ? `compare.${comparison.kind}` : "compare.label");
  return (
    <Disclosure label={label} buttonClass="compare-button" align="end" testId="compare" current={comparison !== null}>
      {(close) => <Menu close={close} />}
    </Disclosure>
  );
}

function Menu({ close }: { close: () => void }) {
  const { site, view, link, show } = usePlace();
  const { comparison } = view;
  const weekdays = comparison?.weekdays ?? false;
  const [picking, setPicking] = useState(false);
  const choice = (kind: "previous" | "year" | null) => {
    const next: Comparison | null = kind && { kind, weekdays };
    return (
      <a
        href={link({ comparison: next })}
        aria-current={(comparison?.kind ?? null) === kind ? "true" : undefined}
        data-testid={`compare-${kind ?? "none"}`}
        onClick={close}
      >
        {t(`compare.${kind ?? "none"}`)}
        {kind === null && <kbd>X</kbd>}
      </a>
    );
  };
  if (picking) {
    return (
      <Calendar
        from={comparison?.kind === "custom" ? comparison.from : null}
        to={comparison?.kind === "custom" ? comparison.to : null}
        today={today(site.timezone, serverNow())}
        onRange={(from, to) => {
          close();
          show({ comparison: { kind: "custom", from, to, weekdays } });
        }}
      />
    );
  }
  return (
    <div class="compare-menu">
      {choice(null)}
      {choice("previous")}
      {choice("year")}
      <button type="button" data-testid="compare-custom" onClick={() => setPicking(true)}>
        {t("compare.custom")}
      </button>
      {comparison && (
        <label class="tick">
          <input
            type="checkbox"
            checked={weekdays}
            data-testid="compare-weekdays"
            onChange={() => show({ comparison: { ...comparison, weekdays: !weekdays } })}
          />
          <span>{t("compare.weekdays")}</span>
        </label>
      )}
    </div>
  );
}
