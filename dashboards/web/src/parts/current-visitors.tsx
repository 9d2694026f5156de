/** How many are on the site now. The number changes often, so it is not announced by itself. */
import { formats, t } from "../language";
import { currentVisitors, liveLost } from "../live";
import "./current-visitors.css";

export function CurrentVisitors() {
  const count = currentVisitors.value;
  const lost = liveLost.value;
  const number = formats().number(count ?? 0);
  const sentence = t("live.now", { n: count ?? 0 });
  // The number stands out within the sentence, wherever the language puts it.
  const at = sentence.indexOf(number);
  return (
    <p
      class={lost ? "live lost" : "live"}
      data-testid="current-visitors"
      data-value={count ?? ""}
      title={lost ? t("live.lost") : t("live.definition")}
    >
      <span class="live-dot" aria-hidden="true" />
      {count === null ? (
        <span class="quiet">{lost ? t("live.unknown") : "…"}</span>
      ) : (
        <span>
          {sentence.slice(0, at)}
          <strong>{number}</strong>
          {sentence.slice(at + number.length)}
        </span>
      )}
      {lost && <span class="unseen">{t("live.lost")}</span>}
    </p>
  );
}
