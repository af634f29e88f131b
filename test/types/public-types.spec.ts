import { describe, expect, it } from '@jest/globals';
import type { Readable } from 'node:stream';
import { applyDecorators, SetMetadata, type StreamableFile } from '@nestjs/common';
import type { Cluster, Redis } from 'ioredis';
import type { Observable } from 'rxjs';
import {
  LockBackendError,
  LockLostError,
  lockKey,
  LockNotAcquiredError,
  RedisLockModule,
  WithLock,
  type Connection,
  type Lock,
  type LockBusyContext,
  type LockInfo,
  type LockKeyContext,
  type LockOptions,
  type RedisClient,
  type RedisLockError,
  type RedisLockErrorCode,
  type RedisLockModuleOptions,
  type RedisLockService,
  type ReleaseOutcome,
  type WithLockOptions,
} from 'nestjs-redis-lock';
import type { RedisLockTestingModuleOptions } from 'nestjs-redis-lock/testing';

/** Whether two types are the same, `any` included. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function same<A, B>(_: Same<A, B>): void {}

/** As `same()`, of a value's type. */
declare function typeOf<A>(value: A): { is<B>(_: Same<A, B>): void };

declare const service: RedisLockService;
declare const redis: Redis;
declare const cluster: Cluster;

/** Never called: the compiler is what tests it. */
export const compiled = {
  async service(): Promise<void> {
    same<typeof service.acquire, (key: string | readonly string[], options?: LockOptions) => Promise<Lock>>(true);
    const tried = await service.tryAcquire(['a', 'b'] as const);
    typeOf(tried).is<Lock | null>(true);
    const text = await service.withLock('key', () => 'text');
    typeOf(text).is<string>(true);
    const count = await service.withLock('key', { ttl: 1_000 }, async (lock) => {
      same<typeof lock, Lock>(true);
      return Promise.resolve(lock.fencingToken);
    });
    typeOf(count).is<number>(true);
    const either = await service.withLock<string | number>('key', () => 1);
    typeOf(either).is<string | number>(true);
    same<ReturnType<RedisLockService['current']>, Lock | undefined>(true);
    same<ReturnType<RedisLockService['inspect']>, Promise<LockInfo | null>>(true);
    same<ReturnType<RedisLockService['forceRelease']>, Promise<boolean>>(true);
    // @ts-expect-error -- the function is missing
    await service.withLock('key', { ttl: 1_000 });
    // @ts-expect-error -- a key is a string, or several
    await service.acquire(7);
    // @ts-expect-error -- no such option
    await service.acquire('key', { retries: 3 });
  },

  async lock(lock: Lock): Promise<void> {
    await using held = lock;
    const outcome = await held.release();
    typeOf(outcome).is<ReleaseOutcome>(true);
    same<ReleaseOutcome, 'released' | 'expired' | 'stolen'>(true);
    same<typeof lock.keys, readonly string[]>(true);
    same<typeof lock.signal, AbortSignal>(true);
    // @ts-expect-error -- a lock does not change
    lock.key = 'another';
  },

  options(): void {
    same<Required<LockOptions>['reentry'], 'fail' | 'share' | 'wait'>(true);
    same<
      keyof LockOptions,
      'ttl' | 'wait' | 'backendWait' | 'signal' | 'renew' | 'maxHold' | 'minHold' | 'reentry' | 'metadata'
    >(true);
    same<Exclude<keyof WithLockOptions, keyof LockOptions>, 'name' | 'onBusy' | 'onBackendError' | 'onLost' | 'until'>(
      true,
    );
    same<
      keyof RedisLockModuleOptions,
      | 'connection'
      | 'name'
      | 'keyPrefix'
      | 'defaults'
      | 'shutdownGrace'
      | 'maxWaiters'
      | 'commandTimeout'
      | 'quantum'
      | 'exceptionFilter'
    >(true);
    same<
      keyof RedisLockTestingModuleOptions,
      'name' | 'defaults' | 'shutdownGrace' | 'maxWaiters' | 'quantum' | 'exceptionFilter' | 'isGlobal' | 'passThrough'
    >(true);
    const connections: Connection[] = [
      'redis://localhost',
      { host: 'a', db: 1 },
      { sentinels: [{ host: 'a', port: 1 }], name: 'b' },
      { cluster: [{ port: 1 }] },
      redis,
      cluster,
    ];
    const clients: RedisClient[] = [redis, cluster];
    RedisLockModule.forRoot({ connection: connections, isGlobal: false });
    RedisLockModule.forRootAsync({ inject: ['X'], useFactory: (client: RedisClient) => ({ connection: client }) });
    // @ts-expect-error -- no client
    RedisLockModule.forRoot({ connection: 6379 });
    // @ts-expect-error -- no options of ioredis
    RedisLockModule.forRoot({ connection: { url: 'redis://localhost' } });
    // @ts-expect-error -- no such option
    RedisLockModule.forRoot({ retryCount: 3 });
    void clients;
  },

  decorator(): void {
    interface Order {
      id: string;
    }
    const Composed = (): MethodDecorator =>
      applyDecorators(
        SetMetadata('roles', ['admin']),
        WithLock('key'),
        WithLock((ctx) => ctx.params.id),
      );
    const forOrders = (name: string): MethodDecorator =>
      applyDecorators(WithLock(`${name}:{0.id}`, { wait: 0, onBusy: 'skip' }));

    const byOrder = WithLock((ctx: LockKeyContext<[order: Order]>) => ctx.args[0].id);
    const byFactory = (key: (ctx: LockKeyContext<[order: Order]>) => string) => WithLock(key, { wait: 0 });
    const byFirst = ({ args: [id] }: LockKeyContext<[id: string]>): string => id;

    class Shop {
      @WithLock('key')
      async promise(): Promise<void> {}

      @WithLock('order:{0}', { onBusy: 'skip' })
      observable(_id: string): Observable<string> | Promise<string> {
        throw new Error();
      }

      @WithLock('key')
      file(): StreamableFile {
        throw new Error();
      }

      @WithLock('key')
      readable(): Readable {
        throw new Error();
      }

      @WithLock('key')
      async *generator(): AsyncGenerator<string> {}

      @WithLock(({ args, params, execution, transport }) => {
        typeOf(transport).is<'http' | 'rpc' | 'ws' | 'graphql' | 'call'>(true);
        return [`${args[0]}`, params.id, execution?.getClass().name ?? ''];
      })
      async several(_id: string): Promise<void> {}

      @WithLock(({ args: [id, amount] }) => {
        same<[typeof id, typeof amount], [string, number]>(true);
        return id + amount.toFixed();
      })
      async inferred(_id: string, _amount: number): Promise<void> {}

      @WithLock((ctx) => ctx.args.map(({ id }) => id))
      async inferredRest(..._orders: Order[]): Promise<void> {}

      @WithLock(({ args: [order] }) => order.id, { onBusy: ({ args: [{ id }] }) => id.length })
      async inferredGeneric<T extends Order>(order: T): Promise<T> {
        return Promise.resolve(order);
      }

      @WithLock('order:{0.id}', {
        onBusy: ({ error, args: [order] }) => {
          typeOf(error).is<LockNotAcquiredError>(true);
          return order.id.length;
        },
      })
      protected async inferredByOption(_order: Order): Promise<number> {
        return Promise.resolve(1);
      }

      @WithLock((ctx: LockKeyContext<[id: string]>) => ctx.args[0], {
        onBusy: ({ args: [id] }: LockBusyContext<[id: string]>) => id.length,
      })
      async explicit(_id: string): Promise<number> {
        return Promise.resolve(1);
      }

      @WithLock((ctx) => ctx.args[0].id)
      async *iterated(_order: Order): AsyncGenerator<string> {}

      @byOrder
      async byConstant(_order: Order, _more?: number): Promise<void> {}

      @byFactory(({ args: [order] }) => order.id)
      async byFactory(_order: Order): Promise<void> {}

      @WithLock(byFirst)
      async byFunction(_id: string, _more = 1): Promise<void> {}

      @WithLock('key')
      async ofReadonly(..._ids: readonly string[]): Promise<void> {}

      // @ts-expect-error -- the function of the constant knows orders
      @byOrder
      async byWrongConstant(_id: string): Promise<void> {}

      @WithLock('order:{0}')
      async wholeOfOne(_id: string): Promise<void> {}

      @WithLock('first:{0.0.id}:{1.0}')
      async items(_orders: readonly Order[], _pair: [string, number]): Promise<void> {}

      // @ts-expect-error -- an order in an array is no part of a key
      @WithLock('first:{0.0}')
      async itemThatIsNoPart(_orders: readonly Order[]): Promise<void> {}

      @byOrder
      async byConstantWithMore(_order: Order, _more: number): Promise<void> {}

      @WithLock((ctx: LockKeyContext<[order: Order]>) => ctx.args[0].id)
      async explicitWithMore(_order: Order, _more: number): Promise<void> {}

      @WithLock(['order:{0.id}', 'account:{1}'])
      async severalTemplates(_order: Order, _account: string): Promise<void> {}

      // @ts-expect-error -- the second template has a part that the method does not have
      @WithLock(['order:{0.id}', 'account:{1}'])
      async severalTemplatesOfFew(_order: Order): Promise<void> {}

      @WithLock(({ args: [order] }) => [lockKey`order:${order.id}`, lockKey`all:${1}-${true}`])
      async tagged(_order: Order): Promise<void> {}

      // @ts-expect-error -- an order is no part of a key
      @WithLock(({ args: [order] }) => lockKey`order:${order}`)
      async taggedBadly(_order: Order): Promise<void> {}

      @Composed()
      @forOrders('order')
      async composed(_order: Order): Promise<void> {}

      // @ts-expect-error -- an order has no such field
      @WithLock((ctx) => ctx.args[0].name)
      async misspelt(_order: Order): Promise<void> {}

      // @ts-expect-error -- nor is there a second argument
      @WithLock(({ args: [, second] }) => String(second))
      async beyond(_order: Order): Promise<void> {}

      // @ts-expect-error -- the same in an option
      @WithLock('key', { onBusy: ({ args: [order] }) => order.name })
      async misspeltInOption(_order: Order): Promise<void> {}

      // @ts-expect-error -- a method that returns no promise cannot be locked
      @WithLock('key')
      sync(): string {
        return 'done';
      }

      // @ts-expect-error -- nor one that returns nothing
      @WithLock('key')
      nothing(): void {}

      // @ts-expect-error -- the key function knows other arguments
      @WithLock((ctx: LockKeyContext<[id: string]>) => ctx.args[0])
      async mistyped(_id: number): Promise<void> {}

      // @ts-expect-error -- a property is no method
      @WithLock('key')
      declare stock: number;

      // @ts-expect-error -- an accessor is no method
      @WithLock('key')
      get total(): Promise<number> {
        return Promise.resolve(1);
      }
    }
    // @ts-expect-error -- a class is no method
    WithLock('key')(Shop);
    // @ts-expect-error -- no such policy
    WithLock('key', { onBusy: 'wait' });
    // @ts-expect-error -- no such option
    WithLock('key', { retries: 3 });
    // @ts-expect-error -- a key function returns strings
    WithLock(() => 7);
    // @ts-expect-error -- one that is asynchronous cannot be waited for
    WithLock(async () => Promise.resolve('key'));
  },

  templates(template: string): void {
    interface Report {
      customer: { id: string; tags: string[] };
      month?: number;
      anything: any;
    }
    class Reports {
      @WithLock('report:{0.customer.id}:{0.month}:{1}:{0.anything.at.all}')
      async build(_report: Report, _part: 'a' | 'b'): Promise<void> {}

      @WithLock('report:{params.id}:{ip}:{data}')
      async ofRequest(_id: string): Promise<void> {}

      @WithLock('report:{0.whatever}:{1}')
      async ofAnything(_report: any, _part: unknown): Promise<void> {}

      @WithLock('report:{0}:{1}')
      async ofMany(..._parts: string[]): Promise<void> {}

      @WithLock(template)
      async unknown(): Promise<void> {}

      // @ts-expect-error -- a report has no such field
      @WithLock('report:{0.client}')
      async misspelt(_report: Report): Promise<void> {}

      // @ts-expect-error -- nor its customer
      @WithLock('report:{0.month}:{0.customer.name}')
      async nested(_report: Report): Promise<void> {}

      // @ts-expect-error -- an object makes no key
      @WithLock('report:{0.customer}')
      async object(_report: Report): Promise<void> {}

      // @ts-expect-error -- nor does an array
      @WithLock('report:{0.customer.tags}')
      async array(_report: Report): Promise<void> {}

      // @ts-expect-error -- an object as a whole neither
      @WithLock('report:{0}')
      async whole(_report: Report): Promise<void> {}

      // @ts-expect-error -- there is no second argument
      @WithLock('report:{1}')
      async beyond(_report: Report): Promise<void> {}
    }
    class Base<E extends { id: string; owner: { name: string } }> {
      @WithLock('entity:{0.id}')
      async save(entity: E): Promise<E> {
        return Promise.resolve(entity);
      }

      @WithLock('entity:{1.id}-{1.owner.name}:{0}')
      async move(_to: string, _entity: E): Promise<void> {}

      // @ts-expect-error -- the bound of an entity has no such field
      @WithLock('entity:{0.name}')
      async misspelt(_entity: E): Promise<void> {}

      // @ts-expect-error -- an entity is no part of a key
      @WithLock('entity:{0}')
      async whole(_entity: E): Promise<void> {}

      // @ts-expect-error -- nor is what it has there
      @WithLock('entity:{0.id}:{0.owner}')
      async object(_entity: E): Promise<void> {}
    }
    void [Reports, Base];
  },

  errors(error: unknown): void {
    if (error instanceof LockNotAcquiredError)
      same<
        [typeof error.code, typeof error.waitedMs, typeof error.retryAfterMs],
        ['LOCK_NOT_ACQUIRED', number, number | undefined]
      >(true);
    if (error instanceof LockLostError) same<typeof error.code, 'LOCK_LOST'>(true);
    if (error instanceof LockBackendError) same<typeof error.code, 'LOCK_BACKEND'>(true);
    same<RedisLockError['code'], RedisLockErrorCode>(true);
    // @ts-expect-error -- busy and broken are never the same class
    const broken: LockBackendError = new LockNotAcquiredError({ key: 'key', waitedMs: 0, retryAfterMs: 0 });
    void broken;
  },
};

describe('the public types', () => {
  it('D2a P3: are checked by the compiler, in npm run typecheck', () => {
    expect(Object.keys(compiled)).toEqual(['service', 'lock', 'options', 'decorator', 'templates', 'errors']);
  });
});
