/** Above the chart: in which intervals it is drawn, and the notes on it. */
import { t } from "../language";
import { lazy } from "../lazy";
import { usePlace } from "../place";
import { usualInterval } from "../ranges";
import { intervalsFor, shownInterval } from "../view";
import { Disclosure } from "./disclosure";
import { Icon } from "./icon";

const AnnotationMenu = lazy(async () => (await import("./annotation-menu")).AnnotationMenu);

export function IntervalSwitch() {
  const { view, reader, link } = usePlace();
  const shown = shownInterval(view);
  const all = intervalsFor(view);
  return (
    <nav class="interval" aria-label={t("interval.label")}>
      {!reader && (
        <Disclosure label={<Icon name="note" />} name={t("note.label")} buttonClass="icon-button" testId="annotations">
          {() => <AnnotationMenu />}
        </Disclosure>
      )}
      {all.length > 1 &&
        all.map((interval) => (
          <a
            key={interval}
            href={link({ interval: interval === usualInterval(view.range) ? null : interval })}
            aria-current={interval === shown ? "true" : undefined}
            data-testid={`interval-${interval}`}
          >
            {t(`interval.${interval}`)}
          </a>
        ))}
    </nav>
  );
}
