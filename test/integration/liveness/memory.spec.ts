import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { WARM_UP } from '../../support/patience.mjs';
import { openScene, type Scene } from './support/scene.js';

const KEYS = 2_000;
/** What bridges a clock that steps back, or a replica that is behind. */
const RETENTION_MS = 60_000;
/** What PTTL says of a key that does not end. One that has ended meanwhile is -2. */
const ETERNAL = -1;

describe('R5: what a key leaves in Redis', () => {
  let scene: Scene;
  let client: Redis;

  beforeAll(async () => {
    scene = await openScene();
    client = new Redis(scene.server.url);
  });
  afterAll(async () => {
    client.disconnect();
    await scene.close();
  });

  const lifetimes = async (): Promise<number[]> =>
    Promise.all((await client.keys('*')).filter((key) => !key.startsWith('lock:')).map((key) => client.pttl(key)));

  it(`ends after a minute: ${KEYS} that were held, and as many that were refused or given up`, async () => {
    const { locks } = await scene.open();
    await locks.withLock('warm-up', WARM_UP, () => undefined);
    await Promise.all(Array.from({ length: KEYS }, (_, index) => locks.withLock(`held-${index}`, () => undefined)));
    const refused = Array.from({ length: KEYS }, (_, index) => `refused-${index}`);
    await client.mset(Object.fromEntries(refused.map((key) => [`lock:${key}`, 'a program'])));
    const outcomes = await Promise.all(
      refused.map((key, index) =>
        locks.acquire(key, { wait: index % 2 === 0 ? 0 : 200 }).catch((error: { code?: string }) => error.code),
      ),
    );
    // On a busy machine some give up before Redis has answered.
    expect(outcomes).toContain('LOCK_NOT_ACQUIRED');
    expect(outcomes.filter((code) => code !== 'LOCK_NOT_ACQUIRED' && code !== 'LOCK_BACKEND')).toEqual([]);
    const left = await lifetimes();
    expect(left.length).toBeGreaterThan(0);
    expect(left.filter((ms) => ms === ETERNAL || ms > RETENTION_MS)).toEqual([]);
  });
});
