// What was released stays as it was: pages name these files with a hash of their content.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

const folder = new URL('../released/', import.meta.url);
const read = (name) => readFile(new URL(name, folder));
const releases = JSON.parse(await read('index.json'));
const of = (algorithm, bytes, coding) => createHash(algorithm).update(bytes).digest(coding);

/** Every version there has ever been, with the script it brought: a line is added for each release, and none is ever taken away. */
const EVER = { '1.0.0': 'script.7cc0151e6c86.js' };

test('every version that was ever released is there, as it was', () => {
  assert.deepEqual(Object.fromEntries(releases.map(({ version, files }) => [version, files['script.js'].name])), EVER);
});

/** What is wrong with one file of a release; nothing, when nothing is. */
const wrong = (plain, { name, integrity }) => {
  const [, short] = name.match(/^[\w-]+\.([0-9a-f]{12})\.js$/);
  return [
    of('sha256', plain, 'hex').startsWith(short) || 'its name is of another content',
    `sha384-${of('sha384', plain, 'base64')}` === integrity || 'its integrity is of another content',
  ].filter((finding) => finding !== true);
};

for (const { version, files } of releases) {
  for (const [file, pinned] of Object.entries(files)) {
    test(`${version}: ${file} has not changed, plain and compressed`, async () => {
      const plain = await read(pinned.name);
      assert.deepEqual(wrong(plain, pinned), []);
      assert.deepEqual(brotliDecompressSync(await read(`${pinned.name}.br`)), plain);
      assert.deepEqual(gunzipSync(await read(`${pinned.name}.gz`)), plain);
      // The control: a byte more is seen.
      assert.equal(wrong(Buffer.concat([plain, Buffer.from(' ')]), pinned).length, 2);
    });
  }
}

test('nothing else stands there', async () => {
  const names = releases.flatMap(({ files }) => Object.values(files).flatMap(({ name }) => [name, `${name}.br`, `${name}.gz`]));
  assert.deepEqual((await readdir(folder)).sort(), [...new Set(names), 'index.json'].sort());
});

test('what is built now is released under the version it has: npm run release, after raising it', async () => {
  const json = async (path) => JSON.parse(await readFile(new URL(path, import.meta.url), 'utf8'));
  const { version } = await json('../package.json');
  assert.equal(releases.at(-1).version, version);
  assert.deepEqual(releases.at(-1).files, await json('../dist/pinned.json'));
});
