import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createParamDecorator, Injectable, ParseIntPipe, type ExecutionContext } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import { CurrentLock, RedisLockModule, RedisLockService, WithLock, type Lock } from 'nestjs-redis-lock';
import { withoutLeak } from '../support/leaks.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { rejection } from '../support/watch.js';

interface Message {
  readonly id: string;
}

/** As the packages for queues and bots do it: the parameters are theirs, and in the list that they name. */
const PARAMETERS = '__routeArguments__';
const Payload = createParamDecorator(
  (field: string, execution: ExecutionContext) => execution.getArgs<[Record<string, unknown>]>()[0][field],
);
const paramsFactory = { exchangeKeyForValue: (): undefined => undefined };

@Injectable()
class OrderConsumer {
  constructor(private readonly locks: RedisLockService) {}

  @WithLock('order:{0.id}')
  async byPart(@Payload('order') order: Message): Promise<unknown> {
    return [order.id, this.locks.current()?.key];
  }

  @WithLock('order:{1}')
  async byPipe(@CurrentLock() lock: Lock, @Payload('id', ParseIntPipe) _id: number): Promise<unknown> {
    return lock.key;
  }

  @WithLock(({ args: [order] }) => `order:${order.id}`)
  async byFunction(@Payload('order') _order: Message): Promise<unknown> {
    return this.locks.current()?.key;
  }

  @WithLock(({ args: [order] }) => `order:${order as unknown as string}`)
  async byObject(@Payload('order') _order: Message): Promise<void> {}

  @WithLock('order:{1}', { wait: 0 })
  async busy(@Payload('order') _order: Message, @Payload('secret') _name: string): Promise<void> {}

  @WithLock('order:{1}', { wait: 0, name: 'broken' })
  async broken(@Payload('order') _order: Message, @Payload('secret') _name: string): Promise<void> {}

  @WithLock('order:{0.id}')
  async byRaw(order: Message, _context: object): Promise<unknown> {
    return [order.id, this.locks.current()?.key];
  }

  @WithLock(({ args: [order] }) => `order:${order.id}`)
  async byRawFunction(_order: Message): Promise<unknown> {
    return this.locks.current()?.key;
  }
}

type Callback = (...args: unknown[]) => unknown;

function boundWithMetadata(callback: Callback, self: object): Callback {
  const bound = callback.bind(self);
  for (const key of Reflect.getMetadataKeys(callback) as unknown[])
    Reflect.defineMetadata(key, Reflect.getMetadata(key, callback), bound);
  return bound;
}

describe.each(['rabbitmq', 'telegraf', 'http', 'rpc'])(
  'a handler in a context of type %s that a package made',
  (type) => {
    let nest: NestContext;

    beforeAll(async () => {
      nest = await startContext({
        imports: [RedisLockModule.forRoot({ name: 'broken', connection: 'redis://127.0.0.1:1' })],
        providers: [OrderConsumer],
      });
    });

    afterAll(() => nest.app.close());

    const handle = (
      method: keyof OrderConsumer,
      enhancers = true,
      bind = (callback: Callback, _self: object) => callback,
    ): Promise<unknown> => {
      const consumer = nest.app.get(OrderConsumer);
      const options = { interceptors: enhancers, guards: true, filters: false };
      const callback = bind(consumer[method] as Callback, consumer);
      const context = nest.app.get(ExternalContextCreator);
      const handler = method.startsWith('byRaw')
        ? context.create(consumer, callback, method, undefined, undefined, undefined, undefined, options, type)
        : context.create(consumer, callback, method, PARAMETERS, paramsFactory, undefined, undefined, options, type);
      const message = method.startsWith('byRaw') ? { id: '07' } : { id: '07', order: { id: '07' }, secret: 'secret' };
      return handler(message, { fields: {} });
    };

    it.each<[keyof OrderConsumer, unknown]>([
      ['byPart', ['07', 'order:07']],
      ['byPipe', 'order:7'],
      ['byFunction', 'order:07'],
      ['byRaw', ['07', 'order:07']],
      ['byRawFunction', 'order:07'],
    ])('D2: makes its key of the arguments of the method (%s)', async (method, answer) => {
      expect(await handle(method)).toEqual(answer);
      expect(await handle(method, false)).toEqual(answer);
    });

    it.each<[keyof OrderConsumer, unknown]>([
      ['byPart', ['07', 'order:07']],
      ['byPipe', 'order:7'],
      ['byFunction', 'order:07'],
    ])(
      'D2 N3d: does so of a bound method that has its metadata, as golevelup makes it (%s)',
      async (method, answer) => {
        expect(await handle(method, true, boundWithMetadata)).toEqual(answer);
      },
    );

    it.each<[keyof OrderConsumer, string]>([
      ['busy', 'LOCK_NOT_ACQUIRED'],
      ['broken', 'LOCK_BACKEND'],
    ])('N8: tells %s by its code, and not the key', async (method, code) => {
      const lock = await nest.locks.acquire('order:secret');
      const error: unknown = await rejection(handle(method));
      await lock.release();
      expect(withoutLeak(error, 'order')).toMatchObject({ code });
    });

    it('D2b: refuses a key with an object in it', async () => {
      expect(await rejection(handle('byObject'))).toMatchObject({ code: 'LOCK_KEY' });
      expect(await rejection(handle('byObject', false))).toMatchObject({ code: 'LOCK_KEY' });
    });
  },
);
