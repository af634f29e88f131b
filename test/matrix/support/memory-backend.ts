import { RedisLockService } from 'nestjs-redis-lock';
import { LockTestControl, RedisLockTestingModule } from 'nestjs-redis-lock/testing';
import type { Backend } from './backend.js';

/** The module for unit tests. */
export function startMemoryBackend(): Promise<Backend> {
  let control: LockTestControl;
  let locks: RedisLockService;
  const owner = async (key: string): Promise<string | undefined> => (await locks.inspect(key))?.owner;
  return Promise.resolve({
    modules: [RedisLockTestingModule.forRoot()],
    attach: (app) => {
      control = app.get(LockTestControl);
      locks = app.get(RedisLockService);
    },
    taken: async (inQuestion) => {
      const owners = await Promise.all(inQuestion.map(owner));
      return inQuestion.filter((_, index) => owners[index] !== undefined);
    },
    occupy: async (key) => control.busy(key),
    isOccupied: async (key) => (await owner(key)) === 'another process',
    remove: async (key) => void (await control.lose(key)),
    tally: undefined,
    breakDown: async () => control.fail(),
    stop: async () => undefined,
  });
}
