// The WordPress plugin, run by PHP, with as much of WordPress as it uses (wordpress/test/wordpress.php).
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';

const php = process.env.PHP || 'php';
const lacking = spawnSync(php, ['--version']).error && 'php is not installed (apt-get install php-cli)';
if (lacking) {
  if (process.env.CI) throw new Error(`the WordPress plugin: ${lacking}`);
  console.error(`the WordPress plugin: NOT RUN, ${lacking}`);
}

const run = (options, editor = false) =>
  JSON.parse(execFileSync(php, [new URL('../wordpress/test/wordpress.php', import.meta.url).pathname, JSON.stringify({ options, editor })], { encoding: 'utf8' }));
const rule = (name, work) => test(`WordPress: ${name}`, { skip: lacking }, work);

rule('a page gets the one line that the documentation gives', () => {
  const { scripts } = run({ sanaq_url: 'https://stats.example.kz/', sanaq_domain: 'example.kz' });
  assert.deepEqual(scripts, ['<script src="https://stats.example.kz/js/script.js" id="sanaq-js" defer data-site="example.kz"></script>']);
});

rule('without a domain it is that of the site', () => {
  assert.match(run({ sanaq_url: 'https://stats.example.kz' }).scripts[0], / data-site="home\.example\.kz"/);
});

rule('without an address, or for whoever may edit, there is none', () => {
  assert.deepEqual(run({}).scripts, []);
  assert.deepEqual(run({ sanaq_url: '' }).scripts, []);
  assert.deepEqual(run({ sanaq_url: 'https://stats.example.kz' }, true).scripts, []);
});

rule('other scripts are left as they are', () => {
  assert.deepEqual(run({ sanaq_url: 'https://stats.example.kz' }).other, { id: 'jquery-js' });
});

rule('both settings are cleaned, and shown without breaking out of the field', () => {
  const { fields, cleaned } = run({ sanaq_url: '"><script>', sanaq_domain: 'example.kz' });
  assert.deepEqual(cleaned, { sanaq_url: 'esc_url_raw', sanaq_domain: 'sanitize_text_field' });
  assert.match(fields.sanaq_domain, /^<input [^<>]*name="sanaq_domain"[^<>]* value="example\.kz"[^<>]*>$/);
  assert.match(fields.sanaq_url, /^<input [^<>]* value="&quot;&gt;&lt;script&gt;"[^<>]*>$/);
});
