import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const LIB = new URL('../../lib/', import.meta.url).pathname;

/** Words that mean something else in this field, and the word of this package for the thing. */
const OTHER_WORDS: readonly (readonly [pattern: RegExp, word: string])[] = [
  [/\bsessions?\b/i, 'script runner: a session keeps a lease elsewhere'],
  [/\boutbox(es)?\b/i, 'script batcher: an outbox belongs to a transaction'],
  [/\b(shared|scoped|shareable) ?lock\b/i, 'handle: a shared lock is a read lock'],
  [/\bcovered ?call\b/i, 'intercepted call'],
  [/\b(mutex|semaphore)\b/i, 'lock'],
  [/\bheartbeats?\b/i, 'renewal'],
  [/\bfence ?tokens?\b/i, 'fencing token'],
  [/\bTTL expir/i, 'lease'],
];

describe('the words of lib', () => {
  it.each(OTHER_WORDS)('has no %s, but %s', async (pattern) => {
    const found: string[] = [];
    for (const file of await readdir(LIB, { recursive: true })) {
      if (!file.endsWith('.ts')) continue;
      const lines = (await readFile(join(LIB, file), 'utf8')).split('\n');
      found.push(...lines.filter((line) => pattern.test(line)).map((line) => `${file}: ${line.trim()}`));
    }
    expect(found).toEqual([]);
  });
});
