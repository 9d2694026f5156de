/** Kazakhstan's regions as tiles, roughly where they lie: each the same size, so that none is loud for being large. */
import { formats, t } from "../language";
import type { WordKey } from "../languages/files";
import type { Row } from "../list-rows";
import { RowName } from "../parts/list-panel";
import "./region-tiles.css";

/** Column and row of each region; cities of their own stand beside the region around them. */
const TILES: readonly [code: string, column: number, row: number][] = [
  ["KZ-27", 1, 1],
  ["KZ-39", 3, 1],
  ["KZ-59", 4, 1],
  ["KZ-11", 5, 1],
  ["KZ-55", 6, 1],
  ["KZ-23", 1, 2],
  ["KZ-15", 2, 2],
  ["KZ-62", 4, 2],
  ["KZ-71", 5, 2],
  ["KZ-35", 6, 2],
  ["KZ-10", 7, 2],
  ["KZ-63", 8, 2],
  ["KZ-47", 1, 3],
  ["KZ-43", 3, 3],
  ["KZ-61", 4, 3],
  ["KZ-31", 5, 3],
  ["KZ-19", 6, 3],
  ["KZ-33", 7, 3],
  ["KZ-79", 4, 4],
  ["KZ-75", 6, 4],
];

/** All but the word for "region" or "city", for which a tile has no room. */
const bareName = (name: string): string => name.replace(/ (облысы|қаласы|область|Region)$|^город /u, "");

export function RegionTiles({ rows }: { rows: readonly Row[] }) {
  const found = new Map(rows.map((row) => [row.key, row]));
  const most = Math.max(1, ...rows.filter(({ key }) => key.startsWith("KZ-")).map(({ visitors }) => visitors));
  return (
    <ul class="regions" aria-label={t("map.regions")} data-testid="region-tiles">
      {TILES.map(([code, column, row]) => {
        const here = found.get(code);
        const name = t(`region.${code}` as WordKey);
        return (
          <li
            key={code}
            class={here && here.visitors / most > 0.55 ? "region strong" : "region"}
            style={{ gridColumn: String(column), gridRow: String(row), "--heat": String((here?.visitors ?? 0) / most) }}
            title={`${name}: ${formats().number(here?.visitors ?? 0)}`}
            data-key={code}
            data-value={here?.visitors ?? 0}
          >
            <span class="region-name">
              {here ? (
                <RowName row={{ ...here, name: bareName(name) }} dimensions={["region"]} />
              ) : (
                <span>{bareName(name)}</span>
              )}
            </span>
            <span>{here ? formats().compact(here.visitors) : "–"}</span>
          </li>
        );
      })}
    </ul>
  );
}
