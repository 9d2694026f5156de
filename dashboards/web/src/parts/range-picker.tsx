/** The period: the usual presets as links, the others and a calendar behind a button, and a key for each. */
import { useRef } from "preact/hooks";
import { serverNow } from "../api";
import { useKeys } from "../keys";
import { formats, t } from "../language";
import { usePlace } from "../place";
import { CUSTOM_KEY, OPEN_PRESETS, PRESET_KEYS, PRESETS, type Preset } from "../ranges";
import { today } from "../site-clock";
import { Calendar } from "./calendar";
import { Disclosure } from "./disclosure";
import "./range-picker.css";

const HIDDEN = PRESETS.filter((kind) => !OPEN_PRESETS.some((open) => open === kind));

export function RangePicker() {
  const { site, view, reader, link, show } = usePlace();
  const { range } = view;
  const nav = useRef<HTMLElement>(null);
  const present = today(site.timezone, serverNow());
  const hidden = HIDDEN.some((kind) => kind === range.kind);
  const label =
    range.kind === "custom"
      ? formats().dateRange(range.from, range.to, range.from.slice(0, 4) !== present.slice(0, 4))
      : t(hidden ? `range.${range.kind}` : "range.custom");
  const to = (kind: Preset) => link({ range: { kind }, details: null });
  useKeys({
    ...Object.fromEntries(PRESETS.map((kind) => [PRESET_KEYS[kind], () => show({ range: { kind }, details: null })])),
    [CUSTOM_KEY]: () => nav.current?.querySelector<HTMLElement>("[data-testid=range-custom]")?.click(),
  });
  const item = (kind: Preset, done?: () => void) => (
    <a
      key={kind}
      href={to(kind)}
      aria-current={kind === range.kind ? "true" : undefined}
      aria-keyshortcuts={PRESET_KEYS[kind]}
      data-testid={`range-${kind}`}
      onClick={done}
    >
      {t(`range.${kind}`)}
      {done && <kbd>{PRESET_KEYS[kind].toUpperCase()}</kbd>}
    </a>
  );
  return (
    <nav ref={nav} class="ranges" aria-label={t("range.label")} data-testid="range-picker">
      {OPEN_PRESETS.map((kind) => item(kind))}
      <Disclosure
        label={label}
        buttonClass="ranges-custom"
        align="end"
        testId="range-custom"
        current={range.kind === "custom" || hidden}
      >
        {(close) => (
          <div class="ranges-menu">
            <div class="ranges-more">
              {HIDDEN.filter((kind) => !reader || kind !== "live").map((kind) => item(kind, close))}
            </div>
            <Calendar
              from={range.kind === "custom" ? range.from : null}
              to={range.kind === "custom" ? range.to : null}
              today={present}
              onRange={(from, to) => {
                close();
                show({ range: { kind: "custom", from, to }, details: null });
              }}
            />
          </div>
        )}
      </Disclosure>
    </nav>
  );
}
