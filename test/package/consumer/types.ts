// Only compiled: the public types, used as an app uses them.
import { applyDecorators, Injectable, Module, SetMetadata } from '@nestjs/common';
import type { Cluster, Redis } from 'ioredis';
import {
  InjectRedisLock,
  type Lock,
  type LockKeyContext,
  LockLostError,
  type LockOptions,
  RedisLockError,
  RedisLockModule,
  type RedisLockModuleOptions,
  type RedisLockOptionsFactory,
  RedisLockService,
  WithLock,
  getRedisLockToken,
} from 'nestjs-redis-lock';

export const connections = (redis: Redis, cluster: Cluster): RedisLockModuleOptions[] => [
  {},
  { connection: 'redis://127.0.0.1:6379' },
  { connection: { host: '127.0.0.1', port: 6379, db: 1 } },
  { connection: { sentinels: [{ host: '127.0.0.1', port: 26379 }], name: 'mymaster' } },
  { connection: { cluster: [{ host: '127.0.0.1', port: 7000 }], options: { redisOptions: { password: 'x' } } } },
  { connection: redis },
  { connection: cluster },
  { connection: ['redis://a', 'redis://b', 'redis://c'] },
  {
    connection: redis,
    name: 'billing',
    keyPrefix: '',
    defaults: { ttl: 5_000, wait: 0 },
    shutdownGrace: 0,
    maxWaiters: 10,
  },
];

@Injectable()
export class LockSettings implements RedisLockOptionsFactory {
  createRedisLockOptions(): RedisLockModuleOptions {
    return { connection: 'redis://127.0.0.1:6379' };
  }
}

@Module({
  imports: [
    RedisLockModule.forRoot(),
    RedisLockModule.forRoot({ name: 'billing', isGlobal: false }),
    RedisLockModule.forRootAsync({ useClass: LockSettings }),
    RedisLockModule.forRootAsync({
      name: 'third',
      inject: [LockSettings],
      useFactory: (settings: LockSettings) => settings.createRedisLockOptions(),
    }),
  ],
})
export class SettingsModule {}

@Injectable()
export class Invoices {
  constructor(
    private readonly locks: RedisLockService,
    @InjectRedisLock('billing') private readonly billing: RedisLockService,
  ) {}

  @WithLock('invoice:{0}', { onBusy: 'skip', onLost: 'reject', ttl: 10_000 })
  async send(id: string): Promise<string> {
    return this.billing.withLock(['a', id], { ttl: 1_000 } satisfies LockOptions, (lock: Lock) => lock.key);
  }

  @WithLock(({ args: [id] }) => [`invoice:${id.toUpperCase()}`, 'invoices'])
  async scoped(id: string): Promise<number> {
    await using lock = await this.locks.acquire(`draft:${id}`);
    lock.signal.throwIfAborted();
    await lock.extend(2_000);
    const outcome: 'released' | 'expired' | 'stolen' = await lock.release();
    return outcome.length + lock.fencingToken;
  }
}

export const Billed = (): MethodDecorator =>
  applyDecorators(SetMetadata('billed', true), WithLock('billing', { wait: 0 }));

/** A decorator of their own, as libraries of a company export it: its declaration has to be written. */
export const CustomerLock = WithLock('customer:{0.id}', { wait: 0 });
export const CustomersLock = WithLock(['customer:{0.id}', 'customers']);
export const RequestLock = WithLock((call) => `request:${String(call.params.id)}`);
export const FirstLock = WithLock(({ args: [customer] }: LockKeyContext<[Customer]>) => customer.id, {
  onBusy: 'skip',
});
export const lockOf = (name: string) => WithLock(`${name}:{0.id}`);

export interface Customer {
  id: string;
  tags: string[];
}

export class Base<E extends { id: string }> {
  @WithLock('base:{0.id}')
  async save(entity: E): Promise<E> {
    return entity;
  }

  @WithLock(({ args: [entity] }) => entity.id)
  async remove(_entity: E): Promise<void> {}
}

export class Customers extends Base<Customer> {
  @CustomerLock
  @CustomersLock
  @RequestLock
  @lockOf('customer')
  async pay(_customer: Customer): Promise<void> {}

  @FirstLock
  async move(_customer: Customer, _to: string, _force = false): Promise<void> {}

  @WithLock('first:{0.0}:{1.0.id}:{2.tags.0}')
  async first(_ids: string[], _customers: readonly Customer[], _one: Customer): Promise<void> {}
}

export class Mistakes {
  // @ts-expect-error -- the method has a string there
  @WithLock((call) => call.args[0].id)
  async misread(_id: string): Promise<void> {}

  // @ts-expect-error -- and nothing behind it
  @WithLock('invoice:{1}')
  async beyond(_id: string): Promise<void> {}

  // @ts-expect-error -- a method that returns no promise cannot be locked
  @WithLock('invoice')
  sync(): string {
    return 'done';
  }
}

export const token = getRedisLockToken('billing');

export function reasonOf(error: unknown): string | undefined {
  if (error instanceof LockLostError) return error.reason;
  return error instanceof RedisLockError ? error.code : undefined;
}
