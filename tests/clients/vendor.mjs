// Fetches single files out of published packages whose dependencies nobody wants installed (Umami's script comes with the whole
// of Umami). Pinned like a lock file: the archive by npm's integrity, the file by its SHA-256.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const hash = (algorithm, bytes, encoding) => createHash(algorithm).update(bytes).digest(encoding);

for (const [name, { integrity, file }] of Object.entries(JSON.parse(readFileSync(join(here, 'vendor.json'))))) {
  const target = join(here, file.to);
  try {
    if (hash('sha256', readFileSync(target), 'hex') === file.sha256) continue;
  } catch {
    // Not there yet.
  }
  const folder = mkdtempSync(join(tmpdir(), 'sanaq-vendor-'));
  try {
    const packed = execFileSync('npm', ['pack', name, '--json', '--silent', '--pack-destination', folder], { cwd: folder });
    const archive = join(folder, JSON.parse(packed)[0].filename);
    const [algorithm, expected] = integrity.split(/-(.*)/s);
    if (hash(algorithm, readFileSync(archive), 'base64') !== expected) throw new Error(`${name} is not the package that was pinned`);
    const bytes = execFileSync('tar', ['-xzOf', archive, file.from]);
    if (hash('sha256', bytes, 'hex') !== file.sha256) throw new Error(`${file.from} of ${name} is not the file that was pinned`);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, bytes);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
