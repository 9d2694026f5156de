/** The world by visitors: prepared outlines, loaded only when shown; the list under it is its twin. */
import { useState } from "preact/hooks";
import { rowFilters, withFilters } from "../filters";
import { formats, t } from "../language";
import type { Row } from "../list-rows";
import { usePlace } from "../place";
import { HEIGHT, WIDTH, WORLD } from "./generated/world";
import "./world-map.css";

export function WorldMap({ rows }: { rows: readonly Row[] }) {
  const { view, show } = usePlace();
  const [at, setAt] = useState<string | null>(null);
  const found = new Map(rows.map((row) => [row.key, row]));
  const most = Math.max(1, ...rows.map(({ visitors }) => visitors));
  // Shades by the root: one large country would leave the others all alike.
  const shade = (code: string) => Math.sqrt((found.get(code)?.visitors ?? 0) / most);
  const read = at === null ? undefined : found.get(at);
  const unseen = rows.filter((row) => !row.folded && !(row.key in WORLD)).length;
  return (
    <div class="world">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t("map.world")} data-testid="world-map">
        {Object.entries(WORLD).map(([code, path]) => {
          const row = found.get(code);
          return (
            // biome-ignore lint/a11y/noStaticElementInteractions: the list has a link for each country
            <path
              key={code}
              d={path}
              class={row ? "country known" : "country"}
              style={{ "--heat": String(shade(code)) }}
              data-key={code}
              data-value={row?.visitors ?? 0}
              onPointerEnter={() => setAt(code)}
              onPointerLeave={() => setAt(null)}
              onClick={() =>
                row &&
                show({
                  filters: withFilters(view.filters, rowFilters(["country"], [code])),
                  tabs: { ...view.tabs, locations: "country" },
                })
              }
            />
          );
        })}
      </svg>
      <p class="world-read" aria-hidden="true">
        {at === null ? (
          <span class="quiet">{unseen > 0 ? t("map.small", { n: unseen }) : t("map.hint")}</span>
        ) : (
          <>
            {formats().country(at)}: <strong>{formats().number(read?.visitors ?? 0)}</strong> {read?.share}
          </>
        )}
      </p>
      <ol class="world-top">
        {rows.slice(0, 5).map((row) => (
          <li key={row.key}>
            {row.name} <strong>{formats().number(row.visitors)}</strong>
          </li>
        ))}
      </ol>
    </div>
  );
}
