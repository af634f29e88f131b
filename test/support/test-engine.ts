import { LockEngine, type AcquireTerms, type EngineInit } from '../../lib/engine/lock-engine.js';
import type { LockLostError } from '../../lib/errors/lock-lost.error.js';
import type { LockHandle } from '../../lib/engine/lock/lock-handle.js';
import { DEFAULT_TERMS } from '../../lib/options/lock-options.js';
import { FakeClock } from './fake-clock.js';
import { TappedStore } from './tapped-store.js';

export interface TestEngine {
  readonly clock: FakeClock;
  readonly store: TappedStore;
  readonly engine: LockEngine;
  /** What the observer was told. */
  readonly losses: LockLostError[];
  readonly unconfirmed: unknown[];
  acquire(key: string | readonly [string, ...string[]], terms?: Partial<AcquireTerms>): Promise<LockHandle>;
}

/** An engine in a world where time stands still until the test moves it. Another one on the same `clock` and `store` plays another process. */
export function testEngine(init: Partial<EngineInit> & { clock?: FakeClock; store?: TappedStore } = {}): TestEngine {
  const {
    clock = new FakeClock(),
    store = new TappedStore(clock),
    random = () => 0.5,
    maxWaiters = Infinity,
    quantum = { handOvers: 128, ms: 20 },
  } = init;
  const losses: LockLostError[] = [];
  const unconfirmed: unknown[] = [];
  const observer = {
    lost: (error: LockLostError) => void losses.push(error),
    releaseUnconfirmed: (_key: string, cause: unknown) => void unconfirmed.push(cause),
    wakeUpsRefused: () => undefined,
    wakeUpsFail: () => undefined,
  };
  const engine = new LockEngine({ store, clock, random, maxWaiters, quantum, observer });
  const acquire: TestEngine['acquire'] = async (key, terms = {}) =>
    engine.acquire(typeof key === 'string' ? [key] : key, { ...DEFAULT_TERMS, ...terms });
  return { clock, store, engine, losses, unconfirmed, acquire };
}
