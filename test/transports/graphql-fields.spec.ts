import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { GoneException, type DynamicModule, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import {
  Field,
  GraphQLModule,
  ID,
  Int,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
  type GqlModuleOptions,
} from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { CurrentLock, RedisLockService, WithLock, type Lock } from 'nestjs-redis-lock';
import { withoutLeak } from '../support/leaks.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { startLockRedis, type LockRedis } from '../support/transport-redis.js';

@ObjectType()
class Order {
  @Field(() => ID)
  id!: string;
}

@Resolver(() => Order, { isAbstract: true })
class StockResolver {
  constructor(protected readonly locks: RedisLockService) {}

  @ResolveField(() => String)
  async inherited(@Parent() { id }: Order): Promise<string> {
    return this.locks.withLock(`stock:${id}`, { wait: 0 }, ({ key }) => key);
  }
}

@Resolver(() => Order)
class OrderResolver extends StockResolver {
  @Query(() => [Order])
  orders(): Order[] {
    return ['secret-1', 'secret-2'].map((id) => ({ id }));
  }

  @ResolveField(() => String)
  @WithLock('stock:{0.id}', { wait: 0 })
  async locked(@Parent() _order: Order, @CurrentLock() lock?: Lock): Promise<string> {
    return Promise.resolve((lock ?? this.locks.current())?.key ?? 'none');
  }

  @ResolveField(() => String)
  async service(@Parent() order: Order): Promise<string> {
    return this.inherited(order);
  }

  @ResolveField(() => String)
  @WithLock('other:{0.id}')
  async within(@Parent() order: Order): Promise<string> {
    return this.inherited(order);
  }

  @ResolveField(() => String)
  asserted(@Parent() { id }: Order): string {
    this.locks.assertLocked(`stock:${id}`);
    return 'ran';
  }

  @ResolveField(() => String)
  async throws(): Promise<string> {
    return Promise.reject(new GoneException('its own'));
  }

  @ResolveField(() => Int)
  length(@Parent() { id }: Order): number {
    return id.length;
  }
}

type Enhancers = NonNullable<GqlModuleOptions['fieldResolverEnhancers']>;

const apollo = (fieldResolverEnhancers: Enhancers): DynamicModule =>
  // As the driver does where NODE_ENV says nothing.
  GraphQLModule.forRoot<ApolloDriverConfig>({
    driver: ApolloDriver,
    autoSchemaFile: true,
    includeStacktraceInErrorResponses: true,
    fieldResolverEnhancers,
  });
const mercurius = (fieldResolverEnhancers: Enhancers): DynamicModule =>
  GraphQLModule.forRoot<MercuriusDriverConfig>({
    driver: MercuriusDriver,
    autoSchemaFile: true,
    fieldResolverEnhancers,
  });

const DRIVERS = [
  { driver: 'Apollo', graphql: apollo },
  { driver: 'Mercurius', graphql: mercurius },
];
const ENHANCERS: readonly Enhancers[] = [[], ['interceptors'], ['filters'], ['guards', 'interceptors', 'filters']];
const APPS = DRIVERS.flatMap((driver) => ENHANCERS.map((enhancers) => ({ ...driver, enhancers })));

describe.each(APPS)('fields of $driver, with fieldResolverEnhancers: $enhancers', ({ graphql, enhancers }) => {
  let redis: LockRedis;
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    redis = await startLockRedis();
    const root = {
      module: class RootModule {},
      imports: [...redis.modules, graphql(enhancers)],
      providers: [OrderResolver],
    };
    app = await NestFactory.create(root, new FastifyAdapter(), { logger: new RecordingLogger(), abortOnError: false });
    await app.listen(0, '127.0.0.1');
    url = `${await app.getUrl()}/graphql`;
  });

  afterEach(() => redis.untilNothingIsLeft());

  afterAll(async () => {
    await app.close();
    await redis.stop();
  });

  async function ask(field: string): Promise<any> {
    const query = `{ orders { ${field} } }`;
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    return response.json();
  }

  it.each(['locked', 'service', 'inherited'])(
    'D2a: make the key of their object, and take each lock once (%s)',
    async (field) => {
      const answers = ['stock:secret-1', 'stock:secret-2'].map((key) => ({ [field]: key }));
      expect(await redis.scriptsOf(async () => expect(await ask(field)).toEqual({ data: { orders: answers } }))).toBe(
        4,
      );
    },
  );

  it.each([
    { field: 'locked', status: 409, code: 'LOCK_NOT_ACQUIRED' },
    { field: 'service', status: 409, code: 'LOCK_NOT_ACQUIRED' },
    { field: 'inherited', status: 409, code: 'LOCK_NOT_ACQUIRED' },
    { field: 'within', status: 409, code: 'LOCK_NOT_ACQUIRED' },
    { field: 'asserted', status: 500, code: 'LOCK_NOT_HELD' },
  ])('N8 D3: tell the client $code and $status, and not the key ($field)', async ({ field, status, code }) => {
    const giveBack = await redis.takeAsStranger('stock:secret-1');
    const { errors } = withoutLeak(await ask(field), 'stock:');
    await giveBack();
    expect(errors[0]).toMatchObject({
      message: expect.any(String),
      extensions: { status, originalError: { statusCode: status, code } },
    });
  });

  it('N7: leave the values and the errors of their resolvers as they are', async () => {
    expect(await ask('id length')).toEqual({
      data: { orders: [1, 2].map((each) => ({ id: `secret-${each}`, length: 8 })) },
    });
    expect((await ask('throws')).errors[0]).toMatchObject({ message: 'its own' });
  });
});
