import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openScene, type Scene } from './support/scene.js';

const TTL = 120_000;
const ROUNDS = 6;
/** A poll comes 20, 40, 80 … ms after the one before; who waits to be woken comes after a second or two. */
const POLLED_MS = 500;

describe('W1: an owner token of another program that looks like ours', () => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene.close());

  it.each(['host:1:abc:1', 'host:4711:a1b2c3d4:17', 'reserved host:1:abc:1', 'a program'])(
    '%s is polled for, as it wakes nobody',
    async (token) => {
      const { locks } = await scene.open();
      const begin = performance.now();
      let waited = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        await scene.server.command('SET', 'lock:a', token, 'PX', TTL);
        const next = locks.acquire('a', { ttl: TTL });
        await scene.queued(1);
        await scene.server.command('DEL', 'lock:a');
        const free = performance.now();
        await (await next).release();
        waited += performance.now() - free;
      }
      expect(waited).toBeLessThan(scene.limit(POLLED_MS * ROUNDS, begin));
    },
  );
});
