// The script in both shapes: what holds for the source must hold for what is shipped.
import { readFile } from 'node:fs/promises';
import { bundle } from '../build.mjs';

export const built = await readFile(new URL('../dist/script.js', import.meta.url), 'utf8');
export const scripts = Object.entries({ source: await bundle(), built });
