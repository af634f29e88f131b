import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WEATHERS } from './weather.js';
import { World } from './world.js';

/** Printed: what failed can be lived through again by the command that the failure names. */
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const WORLDS_OF_EACH = 200;

/**
 * What is checked after every step of every world:
 *
 * - exclusion: whoever is not told of a loss holds the key on the server, alone, and may only err while it cannot know that it was taken away
 * - fencing: tokens grow in the order of the grants, also when data is lost, and each is given out once
 * - patience: nobody waits longer than asked for, the time apart in which its event loop was blocked
 * - told in time: no claim goes beyond the lease on the server, and a loss is told before it
 * - nothing left: no orphaned values, no queues, no alarms when all is over
 * - liveness: a free key is taken by those who wait for it, and all come to their end
 * - no crash: nothing throws or rejects that is not among the errors of the library
 */
describe(`C1 C2 F1: processes with clocks of their own, on a server that is not to be relied on (from seed ${SEED})`, () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);

  beforeAll(() => void process.on('unhandledRejection', note));
  afterAll(() => void process.off('unhandledRejection', note));

  it.each(WEATHERS.map(({ name }, index) => ({ name, index })))(
    `$name: every invariant holds in ${WORLDS_OF_EACH} worlds`,
    async ({ index }) => {
      const first = SEED - (SEED % WEATHERS.length) + index;
      let granted = 0;
      for (let count = 0; count < WORLDS_OF_EACH; count += 1) {
        const seed = first + count * WEATHERS.length;
        const world = new World(seed);
        const fault = await world.live();
        const replay = `npm run test:simulate -- --from ${seed} --seeds 1 --trace`;
        expect({ fault, replay }).toEqual({ fault: undefined, replay });
        granted += world.watcher.granted;
        await new Promise((resolve) => setImmediate(resolve));
        expect({ unhandled, replay }).toEqual({ unhandled: [], replay });
      }
      // So many get in that the rest means something.
      expect(granted).toBeGreaterThan(WORLDS_OF_EACH * 5);
    },
    60_000,
  );
});
