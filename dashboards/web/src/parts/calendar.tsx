/** A month to choose a first and a last day from (ARIA Authoring Practices: date picker grid). Ours, because the
 * browser's own date input speaks the browser's language, not the interface's, and knows no Kazakh. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { addMonths, monthOf, monthWeeks } from "../calendar-month";
import { formats, t } from "../language";
import { addDays } from "../site-clock";
import "./calendar.css";
import { Icon } from "./icon";

interface Props {
  from: string | null;
  to: string | null;
  /** The site's present day, the last that can be chosen. */
  today: string;
  onRange: (from: string, to: string) => void;
}

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

export function Calendar({ from, to, today, onRange }: Props) {
  /** The first day, once chosen; the next choice is the last. */
  const [first, setFirst] = useState<string | null>(null);
  const [at, setAt] = useState(to && to <= today ? to : today);
  const grid = useRef<HTMLTableElement>(null);
  const month = monthOf(at);
  const byKey = useRef(true);

  useLayoutEffect(() => {
    if (byKey.current) grid.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
    byKey.current = false;
  }, [at]);

  const choose = (day: string) => {
    if (first === null) {
      setFirst(day);
      setAt(day);
    } else {
      onRange(first < day ? first : day, first < day ? day : first);
    }
  };
  const moveTo = (day: string, focus: boolean) => {
    byKey.current = focus;
    setAt(day > today ? today : day);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step !== undefined) moveTo(addDays(at, step), true);
    else if (event.key === "PageUp" || event.key === "PageDown") {
      moveTo(addMonths(at, event.key === "PageUp" ? -1 : 1), true);
    } else return;
    event.preventDefault();
  };
  const [low, high] = first === null ? [from, to] : first < at ? [first, at] : [at, first];
  const nextMonth = addMonths(`${month}-01`, 1);
  return (
    <div class="calendar" data-testid="calendar">
      <div class="calendar-head">
        <button
          type="button"
          class="icon-button"
          aria-label={t("range.previous_month")}
          onClick={() => moveTo(addMonths(at, -1), false)}
        >
          <Icon name="left" />
        </button>
        <p aria-live="polite">{formats().date(`${month}-01`, "yMMMM")}</p>
        <button
          type="button"
          class="icon-button"
          aria-label={t("range.next_month")}
          disabled={nextMonth > today}
          onClick={() => moveTo(addMonths(at, 1), false)}
        >
          <Icon name="right" />
        </button>
      </div>
      <table ref={grid} role="grid" aria-label={t("range.custom")} onKeyDown={onKeyDown}>
        <thead>
          <tr>
            {formats().weekdays.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {monthWeeks(month).map((week) => (
            <tr key={week.find((day) => day)}>
              {week.map((day, column) =>
                day === null ? (
                  <td key={column} role="gridcell" />
                ) : (
                  <td
                    key={day}
                    role="gridcell"
                    aria-selected={low !== null && high !== null && low <= day && day <= high}
                  >
                    <button
                      type="button"
                      tabIndex={day === at ? 0 : -1}
                      disabled={day > today}
                      aria-label={formats().date(day, "full")}
                      aria-current={day === today ? "date" : undefined}
                      data-day={day}
                      onPointerEnter={() => first !== null && day <= today && moveTo(day, false)}
                      onClick={() => choose(day)}
                    >
                      {Number(day.slice(8))}
                    </button>
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="quiet" role="status">
        {t(first === null ? "range.pick_first" : "range.pick_last")}
      </p>
    </div>
  );
}
