import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, type ModuleMetadata } from '@nestjs/common';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { Mutation, Query, ResolveField, ResolveReference, Subscription } from '@nestjs/graphql';
import { SubscribeMessage } from '@nestjs/websockets';
import { RedisLockModule, WithLock } from 'nestjs-redis-lock';
import { applyDecorators } from '../support/apply-decorators.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { rejection } from '../support/watch.js';

const HANDLERS: Readonly<Record<string, readonly MethodDecorator[]>> = {
  '@Get()': [Get(':id')],
  '@MessagePattern()': [MessagePattern('it')],
  '@EventPattern()': [EventPattern('it') as MethodDecorator],
  '@SubscribeMessage()': [SubscribeMessage('it')],
  '@Query()': [Query(() => String)],
  '@Mutation()': [Mutation(() => String)],
  '@ResolveField()': [ResolveField(() => String)],
  '@ResolveReference()': [ResolveReference()],
  'no decorator': [],
};

/** Which templates can be filled in a call of each. */
const FITTING: readonly (readonly [handler: string, parts: readonly string[]])[] = [
  ['@Get()', ['params.id', 'query.x', 'body.x', 'user.id', 'headers.x', 'ip', '0', '0.id']],
  ['@MessagePattern()', ['data.id', 'data', '0']],
  ['@EventPattern()', ['data.id', 'data', '0']],
  ['@SubscribeMessage()', ['data.id', 'data', '0']],
  ['@Query()', ['args.id', '0']],
  ['@Mutation()', ['args.id', '0']],
  ['@ResolveField()', ['args.id', '0', 'data.id']],
  ['@ResolveReference()', ['args.id', '0', 'data.id']],
  ['no decorator', ['args.id', '0', '0.id', 'data.id']],
];

const PARTS = ['params.id', 'data.id', 'args.id', '0', 'ip'];
const FITS = FITTING.flatMap(([handler, parts]) => parts.map((part) => ({ handler, part })));
const MISFITS = FITTING.flatMap(([handler, parts]) =>
  PARTS.filter((part) => !parts.includes(part)).map((part) => ({ handler, part })),
);

function classWith(decorators: readonly MethodDecorator[]): new () => object {
  class Orders {
    async handle(): Promise<void> {}
  }
  applyDecorators(Orders.prototype, 'handle', decorators);
  return Orders;
}

/** As decorators do that know nothing of metadata. */
const naive: MethodDecorator = (_target, _key, descriptor) => {
  const original = descriptor.value as (...args: unknown[]) => unknown;
  function wrapper(this: unknown, ...args: unknown[]): unknown {
    return original.apply(this, args);
  }
  return { ...descriptor, value: wrapper as never };
};

describe('the keys of all methods, at start-up', () => {
  let nest: NestContext | undefined;

  const start = async (metadata: ModuleMetadata): Promise<NestContext> => (nest = await startContext(metadata));

  afterEach(async () => {
    await nest?.app.close();
    nest = undefined;
  });

  it.each(MISFITS)(
    'N3a: stop the app when a method under $handler has {$part}, with class, method and remedy',
    async ({ handler, part }) => {
      const type = classWith([...(HANDLERS[handler] ?? []), WithLock(`orders:{${part}}`) as MethodDecorator]);
      const error = await rejection(startContext({ providers: [type] }));
      expect(error).toMatchObject({ code: 'LOCK_OPTIONS' });
      expect(error.message).toMatch(/Orders\.handle/);
      expect(error.message).toContain(`{${part}}`);
      expect(error.message).toMatch(/: use the/);
    },
  );

  it.each(FITS)('N3a: are fine when a method under $handler has {$part}', async ({ handler, part }) => {
    const type = classWith([WithLock(`orders:{${part}}`) as MethodDecorator, ...(HANDLERS[handler] ?? [])]);
    expect((await start({ providers: [type] })).log.at('warn')).toEqual([]);
  });

  it('N3a: must fit each transport of a method that has two', async () => {
    const type = classWith([
      ...(HANDLERS['@Get()'] ?? []),
      ...(HANDLERS['@MessagePattern()'] ?? []),
      WithLock('orders:{params.id}') as MethodDecorator,
    ]);
    expect(await rejection(startContext({ controllers: [type] }))).toMatchObject({ code: 'LOCK_OPTIONS' });
  });

  it('N3a N10: of inherited methods are looked at, in modules and in values, too', async () => {
    class Derived extends classWith([WithLock('orders:{params.id}') as MethodDecorator]) {}
    const inModule = { module: class Inner {}, providers: [Derived] };
    expect(await rejection(startContext({ imports: [inModule] }))).toMatchObject({ code: 'LOCK_OPTIONS' });
    expect(await rejection(startContext({ providers: [{ provide: 'it', useValue: new Derived() }] }))).toMatchObject({
      code: 'LOCK_OPTIONS',
    });
  });

  it('N10: of a method that is overridden are no matter', async () => {
    class Base {
      @WithLock('orders:{params.id}')
      async handle(): Promise<void> {}
    }
    class Derived extends Base {
      @Get(':id')
      @WithLock('derived:{params.id}')
      override async handle(): Promise<void> {}
    }
    const value = Object.assign(Object.create(Base.prototype) as Base, { handle: async () => Promise.resolve() });
    expect(
      (await start({ controllers: [Derived], providers: [{ provide: 'it', useValue: value }] })).log.at('warn'),
    ).toEqual([]);
  });

  it('N4: are looked at without reading what is a getter for instances', async () => {
    const seen: unknown[] = [];
    /** As decorators do that bind a method to its instance at first use. */
    const bound: MethodDecorator = (_target, _key, { value }) => ({
      configurable: true,
      get(this: object) {
        seen.push(this);
        return (value as () => unknown).bind(this) as never;
      },
    });
    class Bound {
      @bound
      @WithLock('orders')
      async handle(): Promise<string> {
        return Promise.resolve('done');
      }
    }
    const { app } = await start({ providers: [Bound] });
    expect(await app.get(Bound).handle()).toBe('done');
    expect(seen.every((self) => self !== Bound.prototype)).toBe(true);
  });

  it('N3a: stop the app when it is a subscription that is locked', async () => {
    const type = classWith([Subscription(() => String), WithLock('orders') as MethodDecorator]);
    const error = await rejection(startContext({ providers: [type] }));
    expect(error.message).toMatch(/Orders\.handle.*subscription.*RedisLockService/);
  });

  it('C12: are fine beneath a decorator that replaces the method of a provider', async () => {
    expect(
      (await start({ providers: [classWith([naive, WithLock('orders:{0}') as MethodDecorator])] })).log.at('warn'),
    ).toEqual([]);
  });

  it('C12 N8: warn once of a handler that a decorator above hides from Nest, in an app with two lock modules', async () => {
    @Controller('orders')
    class Orders {
      @Get(':id')
      @naive
      @WithLock('orders')
      async read(@Param('id') id: string): Promise<string> {
        return Promise.resolve(id);
      }
    }
    const second = RedisLockModule.forRoot({ name: 'second', connection: process.env.TEST_REDIS_URL ?? '' });
    const { log } = await start({ imports: [second], controllers: [Orders] });
    expect(log.at('warn')).toEqual([expect.stringMatching(/Orders\.read.*Put @WithLock\(\) above/)]);
  });

  it('C12: stop the app when a decorator above hides a handler that needs its request', async () => {
    const type = classWith([...(HANDLERS['@Get()'] ?? []), naive, WithLock('orders:{params.id}') as MethodDecorator]);
    const error = await rejection(startContext({ controllers: [type] }));
    expect(error.message).toMatch(/Orders\.handle.*put @WithLock\(\) above/);
  });
});
