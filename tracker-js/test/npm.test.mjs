// The npm package as it is built: harmless on a server, whole in a browser, no larger than what is used of it.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { build, transform } from 'esbuild';
import { Page } from './page.mjs';

const here = (path) => new URL(path, import.meta.url);

const bundled = async (code) => {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: here('..').pathname },
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    alias: { 'sanaq-tracker': here('../dist/npm/index.js').pathname },
  });
  return outputFiles[0].text;
};

test('on a server importing and calling it does nothing', async () => {
  const { init, track, isIgnored } = await import('../dist/npm/index.js');
  init({ site: 'example.kz', api: 'https://stats.example.kz/api/event' });
  track('Signup');
  assert.equal(isIgnored(), false);
  assert.equal(globalThis.sanaq, undefined);
});

test('in a page it is the same tracker, and events called first wait', async () => {
  const script = await bundled(`import { init, track } from 'sanaq-tracker';
    track('Early', { props: { a: 1 } });
    init({ site: 'example.kz', api: 'https://stats.example.kz/e', hash: true, off: ['File Download'] });
    init({ site: 'example.kz', api: 'https://stats.example.kz/e' });
    track('Later');`);
  const page = new Page({ url: 'https://example.kz/#/a' }).load(script).click('https://example.kz/a.pdf');
  assert.deepEqual(page.story, [['pageview', '/#/a'], ['Early', '/#/a'], ['Later', '/#/a']]);
  assert.equal(page.requests[0][0], 'https://stats.example.kz/e');
});

test('the opt-out is written by a call and by nothing else', async () => {
  const script = await bundled(`import { ignore, isIgnored } from 'sanaq-tracker';
    window.before = isIgnored(); ignore(true); window.after = isIgnored(); ignore(false);`);
  const page = new Page().load(script);
  assert.deepEqual([page.window.before, page.window.after, page.window.localStorage], [false, true, {}]);
});

test('who only tracks carries no tracker along', async () => {
  const only = await bundled(`import { track } from 'sanaq-tracker'; track('Signup');`);
  const whole = await bundled(`import { init } from 'sanaq-tracker'; init({ site: 'a', api: 'b' });`);
  assert.ok(only.length < 400 && whole.length > 2000, `${only.length} of ${whole.length}`);
});

test('each example is a program, and the Astro one has a script that is', async () => {
  const files = (await readdir(here('../examples/'))).sort();
  for (const file of ['astro.astro', 'html.html', 'next.tsx', 'nuxt.ts', 'react.tsx', 'vue.ts']) {
    assert.ok(files.includes(file), file);
    const text = await readFile(here(`../examples/${file}`), 'utf8');
    if (file.endsWith('.html')) assert.match(text, /<script defer data-site="[^"]+" src="[^"]+"><\/script>/);
    else await transform(file.endsWith('.astro') ? text.match(/<script>([\s\S]*)<\/script>/)[1] : text, { loader: 'tsx' });
  }
});

test('the sizes the documents name are those of the build', async () => {
  const sizes = JSON.parse(await readFile(here('../size.json'), 'utf8'));
  const readme = await readFile(here('../README.md'), 'utf8');
  for (const [name, { brotli, gzip }] of Object.entries(sizes)) {
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${name}\``));
    const [, saidBrotli, saidGzip] = row.match(/\| ([\d,]+) B \| ([\d,]+) B \|/);
    assert.deepEqual([saidBrotli, saidGzip].map((text) => Number(text.replace(',', ''))), [brotli, gzip], name);
  }
});
