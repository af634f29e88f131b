import { CurrentLock, RedisLockModule, WithLock } from 'nestjs-redis-lock';

export const imports = ({ url }) => [RedisLockModule.forRoot({ connection: url })];

export const lock = (key, { ttl, wait, skips }) => WithLock(key, { ttl, wait, onBusy: skips ? 'skip' : 'throw' });

export const lossOf = { parameter: CurrentLock, signal: (current) => current.signal };
