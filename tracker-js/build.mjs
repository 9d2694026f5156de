// Builds dist/script.js, writes its sizes into size.json, and fails when it is over budget.
import { mkdir, writeFile } from 'node:fs/promises';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { minify } from 'terser';

const GZIP_BUDGET_BYTES = 2047;

/** The sources as one readable file that runs in a page. */
export async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [new URL('src/script.ts', import.meta.url).pathname],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2021',
    define: { VERSION: '1' },
  });
  // What goes wrong at the start ends here too.
  return `(() => {\ntry {\n${outputFiles[0].text}} catch {}\n})();\n`;
}

async function main() {
  const { code } = await minify(await bundle(), {
    ecma: 2020,
    compress: { passes: 4, unsafe_arrows: true, unsafe_comps: true, unsafe_math: true, booleans_as_integers: true },
    format: { comments: false },
  });
  const size = {
    minified: Buffer.byteLength(code),
    gzip: gzipSync(code, { level: 9 }).length,
    brotli: brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length,
  };
  console.log(`script.js: ${size.minified} B minified, ${size.gzip} B gzip, ${size.brotli} B brotli`);
  if (size.gzip > GZIP_BUDGET_BYTES) throw new Error(`script.js is over its budget of ${GZIP_BUDGET_BYTES} B gzip`);
  await mkdir(new URL('dist/', import.meta.url), { recursive: true });
  await writeFile(new URL('dist/script.js', import.meta.url), code);
  await writeFile(new URL('size.json', import.meta.url), `${JSON.stringify({ 'script.js': size }, null, 2)}\n`);
}

if (process.argv[1] === new URL(import.meta.url).pathname) await main();
