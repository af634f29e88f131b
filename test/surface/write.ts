import { writeFile } from 'node:fs/promises';
import { readSurface } from './read-surface.js';

await writeFile(new URL('./surface.json', import.meta.url), await readSurface());
