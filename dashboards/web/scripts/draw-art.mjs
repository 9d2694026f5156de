// Draws the interface's own ornaments: everything is made of counted strokes.
// logo.svg: a shanyrak (the crown of a yurt) as the sun, with 24 rays, one for each hour of the day.
// horizon.svg: the same sun rising over the steppe.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ART = join(dirname(fileURLToPath(import.meta.url)), "../src/art");
const GOLD = "#f2b21b";
const round = (value) => String(Math.round(value * 100) / 100);

function rays(cx, cy, from, to, count, { start = 0, turn = 360, every = 0, extra = 0 } = {}) {
  let path = "";
  for (let index = 0; index < count; index += 1) {
    const angle = ((start + (turn * index) / (turn === 360 ? count : count - 1)) * Math.PI) / 180;
    const end = to + (every && index % every === 0 ? extra : 0);
    const [x, y] = [Math.cos(angle), Math.sin(angle)];
    path += `M${round(cx + x * from)} ${round(cy + y * from)}L${round(cx + x * end)} ${round(cy + y * end)}`;
  }
  return path;
}

/** The crown's poles: three close together each way, crossing in the middle and ending on the ring. */
function poles(cx, cy, r, turn) {
  const [cos, sin] = [Math.cos((turn * Math.PI) / 180), Math.sin((turn * Math.PI) / 180)];
  const at = (x, y) => `${round(cx + (x * cos - y * sin) * r)} ${round(cy + (x * sin + y * cos) * r)}`;
  let path = "";
  for (const offset of [-0.27, 0, 0.27]) {
    const half = Math.sqrt(1 - offset * offset);
    path += `M${at(offset, -half)}L${at(offset, half)}M${at(-half, offset)}L${at(half, offset)}`;
  }
  return path;
}

const svg = (width, height, body, more = "") =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"${more}>${body}</svg>\n`;
const stroke = (path, width, color = GOLD, more = "") =>
  `<path d="${path}" fill="none" stroke="${color}" stroke-width="${width}" stroke-linecap="round"${more}/>`;

const strokes = [
  [2, poles(32, 32, 16, 0)],
  [2.4, rays(32, 32, 23.5, 28, 24, { start: -90, every: 6, extra: 2.5 })],
];
writeFileSync(
  join(ART, "logo.svg"),
  svg(
    64,
    64,
    `<circle cx="32" cy="32" r="17" fill="none" stroke="${GOLD}" stroke-width="4"/>` +
      strokes.map(([width, path]) => stroke(path, width)).join(""),
  ),
);
// The same for the page itself, which spares it a request.
writeFileSync(
  join(ART, "logo.ts"),
  `/** The strokes of logo.svg. Written by scripts/draw-art.mjs. */\nexport const LOGO: { colour: string; strokes: [width: number, path: string][] } = ${JSON.stringify({ colour: GOLD, strokes })};\n`,
);

const steppe = [];
for (let row = 0; row < 7; row += 1) {
  const y = 168 + row * row * 2.2 + row * 4;
  const height = 2.5 + row * 1.5;
  const gap = 4 + row * 2.1;
  let path = "";
  for (let group = -60; group < 60; group += 1) {
    for (let mark = 0; mark < 5; mark += 1) {
      const x = 240 + (group * 6.4 + mark) * gap;
      if (x > -4 && x < 484) path += `M${round(x)} ${round(y)}v${round(height)}`;
    }
  }
  steppe.push(stroke(path, round(0.8 + row * 0.2), "#7fd0e6", ` opacity="${round(0.35 + row * 0.08)}"`));
}
writeFileSync(
  join(ART, "horizon.svg"),
  svg(
    480,
    290,
    `<clipPath id="sky"><path d="M0 0h480v160H0z"/></clipPath><g clip-path="url(#sky)">` +
      `<circle cx="240" cy="160" r="62" fill="none" stroke="${GOLD}" stroke-width="8"/>` +
      stroke(poles(240, 160, 60, 45), 4) +
      stroke(rays(240, 160, 80, 96, 49, { start: 180, turn: 180, every: 6, extra: 14 }), 3) +
      "</g>" +
      stroke("M0 160H480", 2) +
      steppe.join(""),
    ' preserveAspectRatio="xMidYMax slice"',
  ),
);
