import { beforeEach, describe, expect, it } from '@jest/globals';
import { testEngine, type TestEngine } from '../../../support/test-engine.js';
import { rejection, watch } from '../../../support/watch.js';

describe('when to try again', () => {
  let world: TestEngine;

  const isBusy = async (): Promise<number | undefined> =>
    (await rejection(world.acquire('a', { wait: 0 }))).retryAfterMs as number | undefined;

  /** One caller after the other holds the key for so long, each while the next one waits; the last of them still holds it. */
  async function holds(...lengths: readonly number[]): Promise<{ release(): Promise<unknown> }> {
    const turns = [...lengths, 0].map(() => watch(world.acquire('a', { wait: Infinity })));
    await world.clock.settle();
    for (const [index, length] of lengths.entries()) {
      await world.clock.advance(length);
      await turns[index]?.value?.release();
      await world.clock.settle();
    }
    return turns.at(-1)!.value!;
  }

  beforeEach(() => {
    world = testEngine();
  });

  it('D4: is not known while the first one holds the key', async () => {
    await world.acquire('a');
    await world.clock.advance(5_000);
    expect(await isBusy()).toBeUndefined();
  });

  it('D4: is what the last holds lasted, also after the quantum is over, and not the rest of a lease', async () => {
    const last = await holds(300, 300, 300);
    expect(await isBusy()).toBe(300);
    await world.clock.advance(8_000);
    expect(await isBusy()).toBe(300);
    await last.release();
  });

  it('D4: follows what they last now', async () => {
    await holds(1_000, 100, 100, 100, 100, 100, 100, 100, 100);
    const estimate = await isBusy();
    expect(estimate).toBeGreaterThan(100);
    expect(estimate).toBeLessThan(250);
  });

  it('D4: is no longer than the lease in the way', async () => {
    await holds(20_000);
    await world.clock.advance(100);
    world.store.answer('renew', () => new Promise(() => undefined));
    await world.clock.advance(25_000);
    const estimate = await isBusy();
    expect(estimate).toBeGreaterThan(0);
    expect(estimate).toBeLessThan(15_000);
  });

  it('D4: is forgotten with the crowd', async () => {
    await (await holds(300, 300)).release();
    await world.clock.settle();
    await world.acquire('a');
    expect(await isBusy()).toBeUndefined();
  });

  it('D4: is never when the key has no expiry', async () => {
    await world.store.inner.acquire({ key: 'a', value: 'data', ttl: Infinity, tokens: 1 });
    expect(await isBusy()).toBe(Infinity);
  });
});
