// `npm run release`: keeps the built files under their pinned names in released/, for ever: a page with `integrity` goes on loading
// the file it was written for, from this and from every later binary. A version is released once; a changed file needs a new one.
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';

const here = (path) => new URL(path, import.meta.url);
const json = async (path) => JSON.parse(await readFile(here(path), 'utf8'));

const { version } = await json('package.json');
const files = await json('dist/pinned.json');
const releases = await json('released/index.json').catch(() => []);
const before = releases.find((release) => release.version === version);
if (before && JSON.stringify(before.files) !== JSON.stringify(files)) {
  throw new Error(`${version} has been released with other files: raise the version in package.json first`);
}
await mkdir(here('released/'), { recursive: true });
for (const [file, { name }] of Object.entries(files)) {
  for (const ending of ['', '.br', '.gz']) await copyFile(here(`dist/${file}${ending}`), here(`released/${name}${ending}`));
}
if (!before) releases.push({ version, files });
await writeFile(here('released/index.json'), `${JSON.stringify(releases, null, 2)}\n`);
console.log(`${version}: ${Object.values(files).map(({ name }) => name).join(', ')}`);
