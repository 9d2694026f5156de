/** Visitors by hour and weekday: a table whose cells are shaded, so that it is its own twin. */
import { type Answer, numberOf } from "../api";
import { formats, t } from "../language";
import { baseQuestion } from "../questions";
import { refused, useAnswer } from "../together";
import { useAsking } from "./asking";
import "./heat-map.css";
import { Notice } from "./notice";

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const pad = (hour: number) => String(hour).padStart(2, "0");

export function HeatMap() {
  const asking = useAsking();
  const answer = useAnswer<Answer>(
    asking && { ...baseQuestion(asking), metrics: ["visitors"], dimensions: ["time:hour_of_week"] },
  );
  return (
    <section class="panel sheet" aria-labelledby="heat-title" data-testid="heat-map">
      <div class="panel-head">
        <h2 id="heat-title">{t("heat.title")}</h2>
      </div>
      {answer === null ? (
        <p class="deeper-empty quiet">{t("app.loading")}</p>
      ) : refused(answer) ? (
        <Notice code={answer.code} />
      ) : (
        <Week answer={answer} />
      )}
      <p class="quiet deeper-note">{t("heat.explained")}</p>
    </section>
  );
}

function Week({ answer }: { answer: Answer }) {
  const counts = new Map(answer.results.map((row) => [row.dimensions[0], numberOf(row.metrics[0])]));
  const most = Math.max(1, ...[...counts.values()].map((value) => value ?? 0));
  return (
    <table class="heat">
      <thead>
        <tr>
          <th scope="col">
            <span class="unseen">{t("heat.weekday")}</span>
          </th>
          {HOURS.map((hour) => (
            <th key={hour} scope="col">
              <span class={hour % 6 === 0 ? "" : "unseen"}>{pad(hour)}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {formats().weekdays.map((name, day) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {HOURS.map((hour) => {
              const value = counts.get(`${day + 1} ${pad(hour)}`);
              const text = value == null ? "–" : formats().number(value);
              return (
                <td
                  key={hour}
                  style={{ "--heat": String((value ?? 0) / most) }}
                  title={`${name}, ${pad(hour)}:00: ${text}`}
                  data-key={`${day + 1} ${pad(hour)}`}
                  data-value={value ?? ""}
                >
                  <span class="unseen">{text}</span>
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
