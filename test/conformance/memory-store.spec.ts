import { FakeClock } from '../support/fake-clock.js';
import { MemoryStore } from '../../lib/testing/memory-store.js';
import { describeLockStore } from './lock-store.js';

describeLockStore('MemoryStore', async () => {
  const clock = new FakeClock();
  const store = new MemoryStore(clock);
  const ageBy = async (part: number, key: string): Promise<void> =>
    clock.block(((await store.inspect(key))?.ttl ?? 0) * part);
  return { store, expire: (key) => ageBy(1, key), age: (key) => ageBy(0.6, key), close: () => store.close() };
});
