import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { readSurface } from './read-surface.js';

const WRITTEN = new URL('./surface.json', import.meta.url);

describe('the public surface', () => {
  it('is what surface.json says. A change that is meant: npm run surface, and a line in CHANGELOG.md', async () => {
    expect(await readSurface()).toBe(await readFile(WRITTEN, 'utf8'));
  });
});
