/** What the numbers leave out: opt-outs, dropped beacons by reason, folded groups. One click away, never hidden. */
import { useState } from "preact/hooks";
import { whyPath } from "../address";
import { type Answer, api, codeOf, type Drop, isRefusal, type Refusal } from "../api";
import { formats, hasWord, t } from "../language";
import { usePlace } from "../place";
import { Notice } from "./notice";

export function Uncounted({ totals }: { totals: Answer | Refusal }) {
  const { site, reader } = usePlace();
  const shares = isRefusal(totals) ? undefined : totals.meta.shares;
  const folds = isRefusal(totals) ? undefined : totals.meta.folded_below;
  const part = (count: number | undefined, of: number | undefined) =>
    count === undefined || of === undefined
      ? "–"
      : t("uncounted.part", {
          count: formats().number(count),
          share: formats().percent(of ? (count / of) * 100 : 0, 1),
        });
  return (
    <section class="panel sheet" aria-labelledby="uncounted-title" data-testid="uncounted">
      <div class="panel-head">
        <h2 id="uncounted-title">{t("uncounted.title")}</h2>
      </div>
      <dl class="uncounted">
        <dt>{t("uncounted.opted_out")}</dt>
        <dd>{part(shares?.opted_out?.pageviews, shares?.opted_out?.of)}</dd>
        <dt>{t("uncounted.dropped")}</dt>
        <dd data-testid="dropped" data-value={shares?.dropped?.beacons ?? ""}>
          {part(shares?.dropped?.beacons, shares?.dropped?.of)}
        </dd>
        {shares?.folded && (
          <>
            <dt>{t("uncounted.folded")}</dt>
            <dd>{part(shares.folded.visitors, shares.folded.of)}</dd>
          </>
        )}
      </dl>
      {!reader && <Reasons dates={isRefusal(totals) ? null : totals.query.date_range} />}
      <p class="quiet deeper-note">
        {t("uncounted.explained", { n: folds ?? 5 })}{" "}
        {!reader && (
          <a href={whyPath(site.domain)} target="_self">
            {t("why.title")}
          </a>
        )}
      </p>
    </section>
  );
}

function Reasons({ dates }: { dates: [string, string] | null }) {
  const { site } = usePlace();
  const [drops, setDrops] = useState<Drop[] | null>(null);
  const [code, setCode] = useState<string | null>(null);
  if (!dates) return null;
  const load = () =>
    api.drops(site.domain, dates[0].slice(0, 10), dates[1].slice(0, 10)).then(
      (found) => setDrops(found.drops),
      (error) => setCode(codeOf(error)),
    );
  if (code) return <Notice code={code} />;
  if (drops === null) {
    return (
      <p>
        <button type="button" class="link" data-testid="drops-show" onClick={load}>
          {t("uncounted.reasons")}
        </button>
      </p>
    );
  }
  const sums = new Map<string, number>();
  for (const { reason, count } of drops) sums.set(reason, (sums.get(reason) ?? 0) + count);
  if (sums.size === 0) return <p class="quiet">{t("uncounted.nothing")}</p>;
  return (
    <table data-testid="drops">
      <thead>
        <tr>
          <th scope="col">{t("uncounted.reason")}</th>
          <th scope="col">{t("uncounted.beacons")}</th>
        </tr>
      </thead>
      <tbody>
        {[...sums]
          .sort((a, b) => b[1] - a[1])
          .map(([reason, count]) => (
            <tr key={reason} data-key={reason} data-value={count}>
              <th scope="row">{reasonText(reason)}</th>
              <td>{formats().number(count)}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}

export function reasonText(reason: string): string {
  const key = `drop.${reason}`;
  return hasWord(key) ? t(key) : reason;
}
