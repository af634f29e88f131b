import { describe, expect, it } from '@jest/globals';
import type { Rule } from '../support/tapped-store.js';
import { testEngine } from '../support/test-engine.js';
import { watch } from '../support/watch.js';

/** A store that stands still: what it is asked is done, in that order, when it goes on. */
function halted(): { rule: Rule; goOn(): void } {
  const held: (() => void)[] = [];
  return {
    rule: (_call, run) => new Promise((resolve) => held.push(() => resolve(run()))),
    goOn: () => held.splice(0).forEach((answer) => answer()),
  };
}

describe('a relay that is answered after its lease has ended', () => {
  it('C1: asks for the key no second time, so that the next holder keeps it and is alone', async () => {
    const { clock, store, acquire } = testEngine({ quantum: { handOvers: 128, ms: 20 } });
    const first = await acquire('a', { ttl: 900 });
    const second = watch(acquire('a', { ttl: 900 }));
    const third = watch(acquire('a', { ttl: 900 }));
    const { rule, goOn } = halted();
    for (const method of ['relay', 'renew', 'acquire', 'release'] as const) store.answer(method, rule);
    await clock.advance(50);
    await first.release(); // The quantum is over: the lease waits for the answer, until its deadline. Then the second asks for the key.
    await clock.advance(1_100); // The relay counts as failed.
    for (const method of ['relay', 'renew', 'acquire', 'release'] as const) store.answer(method);
    goOn();
    await clock.settle();
    expect([second.state, third.state]).toEqual(['fulfilled', 'pending']);
    expect(second.value?.isHeld).toBe(true);
    expect(store.of('acquire')).toHaveLength(2);
    expect(await second.value?.release()).toBe('released');
  });
});
