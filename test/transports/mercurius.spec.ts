import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { GoneException, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Args, Field, GraphQLModule, ID, ObjectType, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { CurrentLock, RedisLockService, WithLock, type Lock } from 'nestjs-redis-lock';
import { askGraphQL } from '../support/ask-graphql.js';
import { withoutLeak } from '../support/leaks.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { startLockRedis, type LockRedis } from '../support/transport-redis.js';

@ObjectType()
class Order {
  @Field(() => ID)
  id!: string;
}

@Resolver(() => Order)
class OrderResolver {
  constructor(private readonly locks: RedisLockService) {}

  @Query(() => [Order])
  orders(): Order[] {
    return ['1', '2'].map((id) => ({ id }));
  }

  @Query(() => String)
  @WithLock('order:{args.id}', { wait: 0 })
  async locked(@Args('id') _id: string, @CurrentLock() lock: Lock): Promise<string> {
    return Promise.resolve(lock.key);
  }

  @Query(() => String)
  async service(@Args('id') id: string): Promise<string> {
    return this.locks.withLock(`order:${id}`, { wait: 0 }, () => 'ran');
  }

  @Query(() => String)
  @WithLock('order:{args.id}', { wait: 0 })
  async reentry(@Args('id') id: string): Promise<string> {
    return this.service(id);
  }

  @Query(() => String)
  @WithLock('order:{args.nobody}')
  async missing(): Promise<string> {
    return Promise.resolve('ran');
  }

  @Query(() => String)
  @WithLock('order:{args.id}')
  async throws(@Args('id') _id: string): Promise<string> {
    return Promise.reject(new GoneException('its own'));
  }

  @ResolveField(() => String)
  @WithLock('stock:{0.id}', { wait: 0 })
  async stock(@Parent() _order: Order): Promise<string> {
    return Promise.resolve(String(this.locks.current()?.key));
  }
}

describe('@WithLock() on a resolver of Mercurius', () => {
  let redis: LockRedis;
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    redis = await startLockRedis();
    const graphql = GraphQLModule.forRoot<MercuriusDriverConfig>({ driver: MercuriusDriver, autoSchemaFile: true });
    const root = { module: class RootModule {}, imports: [...redis.modules, graphql], providers: [OrderResolver] };
    app = await NestFactory.create(root, new FastifyAdapter(), { logger: new RecordingLogger(), abortOnError: false });
    await app.listen(0, '127.0.0.1');
    url = `${await app.getUrl()}/graphql`;
  });

  afterEach(() => redis.untilNothingIsLeft());

  afterAll(async () => {
    await app.close();
    await redis.stop();
  });

  const ask = (query: string): Promise<any> => askGraphQL(url, query);

  it('N3d: takes the lock of a query once', async () => {
    expect(
      await redis.scriptsOf(async () =>
        expect(await ask('{ locked(id: "1") }')).toEqual({ data: { locked: 'order:1' } }),
      ),
    ).toBe(2);
  });

  it.each([
    { query: '{ locked(id: "secret") }', status: 409, code: 'LOCK_NOT_ACQUIRED', isBusy: true },
    { query: '{ service(id: "secret") }', status: 409, code: 'LOCK_NOT_ACQUIRED', isBusy: true },
    { query: '{ reentry(id: "secret") }', status: 500, code: 'LOCK_REENTRY', isBusy: false },
    { query: '{ missing }', status: 400, code: 'LOCK_KEY', isBusy: false },
  ])(
    'N8 D3: tells the client $code and $status in its extensions, and not the key: $query',
    async ({ query, status, code, isBusy }) => {
      const giveBack = isBusy ? await redis.takeAsStranger('order:secret') : undefined;
      const { errors } = withoutLeak(await ask(query), 'order:');
      await giveBack?.();
      expect(errors).toMatchObject([
        { message: expect.any(String), extensions: { code, status, originalError: { statusCode: status, code } } },
      ]);
    },
  );

  it('D2a: makes the key of a field of its parent', async () => {
    expect(await ask('{ orders { stock } }')).toEqual({
      data: { orders: [{ stock: 'stock:1' }, { stock: 'stock:2' }] },
    });
  });

  it('N8 D3: tells the client that a field is busy, and not the key', async () => {
    const giveBack = await redis.takeAsStranger('stock:1');
    const { errors } = withoutLeak(await ask('{ orders { stock } }'), 'stock:');
    await giveBack();
    expect(errors).toMatchObject([{ extensions: { code: 'LOCK_NOT_ACQUIRED', status: 409 } }]);
  });

  it('N7: leaves the error of the resolver as it is', async () => {
    expect((await ask('{ throws(id: "1") }')).errors).toMatchObject([{ message: 'its own' }]);
  });
});
