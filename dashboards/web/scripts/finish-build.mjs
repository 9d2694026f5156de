// After `vite build`: puts the one style sheet into the page, which saves a request and lets the page be painted as soon as
// it is there; compresses what is served; checks the budget of the first load, and that nothing else is inline.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const DIST = join(dirname(fileURLToPath(import.meta.url)), "../dist");
const BUDGET_BYTES = 45 * 1024;
const COMPRESSED = new Set([".html", ".js", ".css", ".svg"]);

// The staff server allows exactly this text by its hash (`dashboards/src/ui.rs`); no other inline style gets through.
const page = join(DIST, "index.html");
const linked = /<link rel="stylesheet"[^>]* href="\/(assets\/[^"]+)">/g;
const sheets = [...readFileSync(page, "utf8").matchAll(linked)];
if (sheets.length !== 1) throw new Error("index.html is expected to load one style sheet");
const [[link, sheet]] = sheets;
const style = readFileSync(join(DIST, sheet), "utf8").trim();
if (/<\/|url\((?!["']?\/)/.test(style)) throw new Error("the style sheet would not mean the same within the page");
writeFileSync(
  page,
  readFileSync(page, "utf8").replace(link, () => `<style>${style}</style>`),
);
writeFileSync(join(DIST, ".style-hash"), `sha256-${createHash("sha256").update(style).digest("base64")}`);
rmSync(join(DIST, sheet));

const files = readdirSync(DIST, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));

const sizes = new Map();
for (const file of files) {
  if (!COMPRESSED.has(extname(file))) continue;
  const bytes = readFileSync(file);
  const brotli = brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
  writeFileSync(`${file}.br`, brotli);
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  sizes.set(file.slice(DIST.length + 1), { raw: bytes.length, brotli: brotli.length });
}

const html = readFileSync(join(DIST, "index.html"), "utf8");
if (/<style|style=|<script(?![^>]*\bsrc=)| on[a-z]+=/i.test(html.replace(`<style>${style}</style>`, ""))) {
  throw new Error("index.html carries an inline script or style, which the content security policy refuses");
}

// The first load: the entry, what it imports at once, and the largest of the languages.
const manifestFile = join(DIST, ".vite/manifest.json");
const manifest = JSON.parse(readFileSync(manifestFile, "utf8"));
const brotliOf = (key) => sizes.get(manifest[key].file).brotli;
const reached = new Set();
const reach = (key) => {
  if (reached.has(key)) return;
  reached.add(key);
  for (const next of manifest[key].imports ?? []) reach(next);
};
const [, script] = /<script type="module"[^>]* src="\/([^"]+)"/.exec(html) ?? [];
const entry = Object.keys(manifest).find((key) => manifest[key].file === script);
if (!entry) throw new Error("index.html is expected to load one script of the manifest");
reach(entry);
const languages = Object.keys(manifest).filter((key) => /^src\/languages\/..\.ts$/.test(key));
if (languages.length !== 3) throw new Error("the three languages are expected to be chunks of their own");
const total = [...reached].reduce((sum, key) => sum + brotliOf(key), 0) + Math.max(...languages.map(brotliOf));
rmSync(join(DIST, ".vite"), { recursive: true });

for (const [file, { raw, brotli }] of [...sizes].sort()) {
  console.log(`${file.padEnd(48)} ${String(raw).padStart(7)} ${String(brotli).padStart(7)} br`);
}
console.log(`JavaScript on first load: ${total} of ${BUDGET_BYTES} bytes brotli`);
if (total > BUDGET_BYTES) {
  console.error("over the budget");
  process.exit(1);
}
