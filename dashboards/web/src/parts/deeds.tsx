/** What visitors did: goals reached, with conversion and revenue; custom events; values of their properties. */
import { useState } from "preact/hooks";
import { settingsPath } from "../address";
import type { Answer } from "../api";
import { type Dimension, isProperty, readDimension } from "../dimensions";
import { t } from "../language";
import { detailMetrics } from "../panels";
import { usePlace } from "../place";
import { rowsQuestion, SHORT_LIST } from "../questions";
import { goals } from "../site-lists";
import { refused, useAnswer } from "../together";
import { useAsking } from "./asking";
import { Disclosure } from "./disclosure";
import { Field } from "./field";
import { Figures } from "./figures";
import { Icon } from "./icon";
import { Notice } from "./notice";

const TABS = ["goal", "event"] as const;

export function Deeds() {
  const { site, view, reader, link } = usePlace();
  const { deeds } = view;
  const asking = useAsking(deeds === "goal");
  const none = deeds === "goal" && goals.value?.length === 0;
  const question =
    asking && !none ? rowsQuestion(asking, [deeds], detailMetrics(deeds), { limit: SHORT_LIST, compared: true }) : null;
  const answer = useAnswer<Answer>(question);
  return (
    <section class="panel sheet wide" aria-labelledby="deeds-title" data-testid="deeds">
      <div class="panel-head">
        <h2 id="deeds-title">{t("deeds.title")}</h2>
        <nav class="panel-tabs" aria-label={t("deeds.title")}>
          {TABS.map((tab) => (
            <a
              key={tab}
              href={link({ deeds: tab })}
              aria-current={tab === deeds ? "true" : undefined}
              data-testid={`deeds-${tab}`}
            >
              {t(`deeds.${tab}`)}
            </a>
          ))}
          <PropertyTab deeds={deeds} />
        </nav>
      </div>
      {none ? (
        <p class="deeper-empty quiet">
          {t("deeds.no_goals")} {!reader && <a href={settingsPath(site.domain, "goals")}>{t("board.settings")}</a>}
        </p>
      ) : answer === null ? (
        <p class="deeper-empty quiet">{t("app.loading")}</p>
      ) : refused(answer) ? (
        <Notice code={answer.code} />
      ) : (
        <>
          <Figures answer={answer} dimensions={[deeds]} metrics={detailMetrics(deeds)} />
          {answer.results.length > 0 && (
            <p class="panel-more">
              <a href={link({ details: { dimension: deeds, search: "", order: null, page: 1 } })}>
                {t("list.details")}
              </a>
            </p>
          )}
        </>
      )}
    </section>
  );
}

/** Values of a custom property; its key is typed, for a site can have any. */
function PropertyTab({ deeds }: { deeds: Dimension }) {
  const { show } = usePlace();
  const chosen = isProperty(deeds) ? deeds.slice(5) : "";
  const [key, setKey] = useState(chosen);
  return (
    <Disclosure
      label={
        <>
          {chosen || t("deeds.property")}
          <Icon name="down" />
        </>
      }
      name={chosen ? `${chosen} (${t("deeds.property")})` : t("deeds.property")}
      buttonClass="panel-tabs-more"
      align="end"
      testId="deeds-property"
      current={chosen !== ""}
    >
      {(close) => (
        <form
          class="deeper-form"
          onSubmit={(event) => {
            event.preventDefault();
            const dimension = readDimension(`prop:${key.trim()}`);
            if (!dimension) return;
            close();
            show({ deeds: dimension });
          }}
        >
          <Field label={t("filter.key")} value={key} onValue={setKey} testId="deeds-key" literal />
          <button type="submit" class="button" disabled={!key.trim()}>
            {t("deeds.show")}
          </button>
        </form>
      )}
    </Disclosure>
  );
}
