import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Lock, RedisLockService } from 'nestjs-redis-lock';
import { uniqueKey } from '../../support/unique-key.js';
import { openScene, type Scene } from './support/scene.js';

/** Longer than a command may take. */
const BLOCK_MS = 1_200;
const TERMS = { ttl: 60_000 };

/** Nothing of this process runs, and what comes meanwhile lies in the socket. */
function block(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BLOCK_MS);
}

describe('W4: a reply that is there when the event loop comes to it counts, however late that is', () => {
  let scene: Scene;
  let locks: RedisLockService;
  let held: Lock;
  let key: string;

  beforeAll(async () => {
    scene = await openScene();
    ({ locks } = await scene.open());
  });
  beforeEach(async () => {
    key = uniqueKey();
    held = await locks.acquire(uniqueKey('held'), TERMS);
  });
  afterAll(() => scene.close());

  it.each<readonly [string, () => Promise<unknown>, unknown]>([
    ['tryAcquire', () => locks.tryAcquire(key, TERMS).then((lock) => lock?.release()), 'released'],
    ['acquire', () => locks.acquire(key, TERMS).then((lock) => lock.release()), 'released'],
    ['withLock', () => locks.withLock(key, TERMS, () => 'done'), 'done'],
    ['several keys', () => locks.acquire([key, `${key}-2`], TERMS).then((lock) => lock.release()), 'released'],
    ['release', () => held.release(), 'released'],
    ['extend', () => held.extend().then(() => held.isHeld), true],
    ['inspect', () => locks.inspect(held.key).then((info) => info?.key === held.key), true],
    ['forceRelease', () => locks.forceRelease(held.key), true],
  ])('%s', async (_what, ask, answer) => {
    const asked = ask();
    block();
    expect(await asked).toBe(answer);
  });
  it('the first command, whose connection is being made', async () => {
    const fresh = await scene.open();
    const asked = fresh.locks.tryAcquire(key, TERMS).then((lock) => lock?.release());
    block();
    expect(await asked).toBe('released');
  });
});
