// Builds what pages load, and what npm installs; writes sizes into size.json, and fails when a file is over its budget.
//
//   dist/script.js      the tracker
//   dist/vitals.js      waits until the page is idle, then loads
//   dist/web-vitals.js  the measurement of web vitals
//   dist/pinned.json    for each: the name that changes with its content, and its hash for `integrity`
//   dist/npm/           the package
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliCompressSync, constants } from 'node:zlib';
import { build, transform } from 'esbuild';
import { minify } from 'terser';

/** In bytes as served. */
const BUDGETS = {
  'script.js': { brotli: 1200, gzip: 1350 },
  'vitals.js': { brotli: 400, gzip: 450 },
  'web-vitals.js': { brotli: 3400, gzip: 3800 },
};
const DEFINE = { WORTH_REPORTING_MS: '3000' };
const TARGET = 'es2021';

const here = (path) => new URL(path, import.meta.url);

/** The tracker as one readable file that runs in a page: the body of `start`, where it is called. */
export async function bundle() {
  const source = await readFile(here('src/tracker.ts'), 'utf8');
  const { code } = await transform(source, { loader: 'ts', target: TARGET, define: DEFINE });
  const [, body] = code.match(/const start = \(attributes, api\) => \{\n([\s\S]*)\n\};/);
  // In a block, so that nothing becomes global. Where the script's own element isn't known, it ends here: the page is unharmed.
  return `try {
const { dataset: attributes, src } = document.currentScript;
const api = new URL(attributes.api || '../api/event', src);
${body}
} catch {}
`;
}

/** One kind of declaration is smaller than two. */
const evenly = (code) => code.replaceAll(/\bconst\b/g, 'let');

const shrink = async (code, module) =>
  (await minify(code, { module, ecma: 2020, compress: { passes: 6, unsafe_arrows: true }, format: { comments: false } })).code;

async function bundled(entry) {
  const { outputFiles } = await build({
    entryPoints: [here(entry).pathname],
    bundle: true,
    write: false,
    format: 'esm',
    target: TARGET,
    define: DEFINE,
    external: ['./web-vitals.js'],
  });
  return outputFiles[0].text;
}

const brotli = (code) =>
  brotliCompressSync(code, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: code.length },
  });
/** Loaded only here: it takes over how the process ends. */
async function gzip(code) {
  const { default: zopfli } = await import('@gfx/zopfli');
  return promisify(zopfli.gzip)(Buffer.from(code), { numiterations: 50 });
}

/** `script.js` → `script.0a1b2c3d4e5f.js`, which is never another file. */
const pinnedName = (name, code) =>
  name.replace('.js', `.${createHash('sha256').update(code).digest('hex').slice(0, 12)}.js`);
const integrity = (code) => `sha384-${createHash('sha384').update(code).digest('base64')}`;

async function main() {
  await mkdir(here('dist/npm/'), { recursive: true });
  const measuring = await shrink(await bundled('src/web-vitals.ts'), true);
  const waiting = await shrink(await bundled('src/vitals.ts'), true);
  const files = {
    'script.js': await shrink(evenly(await bundle())),
    // A pinned file loads a pinned file.
    'vitals.js': waiting.replace('./web-vitals.js', `./${pinnedName('web-vitals.js', measuring)}`),
    'web-vitals.js': measuring,
  };
  const sizes = {};
  const pinned = {};
  for (const [name, code] of Object.entries(files)) {
    const compressed = { br: brotli(code), gz: await gzip(code) };
    sizes[name] = { minified: Buffer.byteLength(code), gzip: compressed.gz.length, brotli: compressed.br.length };
    pinned[name] = { name: pinnedName(name, code), integrity: integrity(code) };
    const { minified, ...served } = sizes[name];
    console.log(`${name}: ${minified} B minified, ${served.gzip} B gzip, ${served.brotli} B brotli`);
    for (const [coding, bytes] of Object.entries(served)) {
      const budget = BUDGETS[name][coding];
      if (bytes > budget) throw new Error(`${name} is over its budget of ${budget} B ${coding}: ${bytes} B`);
    }
    await writeFile(here(`dist/${name}`), code);
    for (const [ending, bytes] of Object.entries(compressed)) await writeFile(here(`dist/${name}.${ending}`), bytes);
  }
  await writeFile(here('dist/pinned.json'), `${JSON.stringify(pinned, null, 2)}\n`);
  await writeFile(here('size.json'), `${JSON.stringify(sizes, null, 2)}\n`);
  for (const name of ['index', 'web-vitals']) await writeFile(here(`dist/npm/${name}.js`), await bundled(`src/${name}.ts`));
}

if (process.argv[1] === new URL(import.meta.url).pathname) await main();
