import { appendFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { LeakWatch, watchServers } from './leak-watch.js';

/** In each spec file: nothing that it makes an app send or write bears a key, a token or a password where none may be. */
const watch = (globalThis.leakWatch = new LeakWatch());
let stop = (): void => undefined;

function assertNothingFound(): void {
  const found = watch.take();
  if (found.length > 0) throw new Error(`Leaked: ${found.join('\n')}`);
}

beforeAll(() => {
  stop = watchServers(watch);
});

afterEach(assertNothingFound);

afterAll(() => {
  stop();
  assertNothingFound();
  const file = process.env.TEST_LEAK_COUNTS;
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(watch.counts)}\n`);
});
