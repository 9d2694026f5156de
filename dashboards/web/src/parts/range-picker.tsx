/** The period: four presets as links, and a calendar for any other. */
import { dashboardPath, go, PRESETS, type View } from "../address";
import { serverNow } from "../api";
import { formats, t } from "../language";
import { today } from "../site-clock";
import { Calendar } from "./calendar";
import { Disclosure } from "./disclosure";
import "./range-picker.css";

interface Props {
  domain: string;
  view: View;
  zone: string;
}

export function RangePicker({ domain, view, zone }: Props) {
  const { range } = view;
  const present = today(zone, serverNow());
  const label =
    range.kind === "custom"
      ? formats().dateRange(range.from, range.to, range.from.slice(0, 4) !== present.slice(0, 4))
      : t("range.custom");
  return (
    <nav class="ranges" aria-label={t("range.label")} data-testid="range-picker">
      {PRESETS.map((kind) => (
        <a
          key={kind}
          href={dashboardPath(domain, { ...view, range: { kind } })}
          aria-current={kind === range.kind ? "true" : undefined}
          data-testid={`range-${kind}`}
        >
          {t(`range.${kind}`)}
        </a>
      ))}
      <Disclosure
        label={label}
        buttonClass="ranges-custom"
        align="end"
        testId="range-custom"
        current={range.kind === "custom"}
      >
        {(close) => (
          <Calendar
            from={range.kind === "custom" ? range.from : null}
            to={range.kind === "custom" ? range.to : null}
            today={present}
            onRange={(from, to) => {
              close();
              go(dashboardPath(domain, { ...view, range: { kind: "custom", from, to } }));
            }}
          />
        )}
      </Disclosure>
    </nav>
  );
}
