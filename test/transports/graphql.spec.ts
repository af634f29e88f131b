import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { GoneException, Injectable, Scope, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import {
  Args,
  Field,
  GraphQLModule,
  ID,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { CurrentLock, RedisLockService, WithLock, type Lock, type LockKeyContext } from 'nestjs-redis-lock';
import { askGraphQL } from '../support/ask-graphql.js';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS } from '../support/http-app.js';
import { withoutLeak } from '../support/leaks.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { sendCommand } from '../support/send-command.js';
import { startLockRedis, type LockRedis } from '../support/transport-redis.js';

const stage = { work: new Checkpoint() };

@ObjectType()
class Order {
  @Field(() => ID)
  id!: string;

  @Field()
  key!: string;
}

/** Where interceptors run for fields, Nest has not made their arguments yet when they do. */
function parentOf(ctx: LockKeyContext<[parent: Order]>): Order {
  return ctx.execution?.getArgByIndex<Order>(0) ?? ctx.args[0];
}

@Resolver(() => Order)
class OrderResolver {
  constructor(private readonly locks: RedisLockService) {}

  @Query(() => Order)
  @WithLock('order:{args.id}', { wait: 5_000 })
  async order(@Args('id') id: string, @CurrentLock() lock: Lock): Promise<Order> {
    await stage.work.pass();
    return { id, key: lock.key };
  }

  @Query(() => [Order])
  async orders(): Promise<Order[]> {
    return ['1', '2', '3'].map((id) => ({ id, key: '' }));
  }

  @WithLock('order:{args.input}', { wait: 5_000 })
  @Mutation(() => Order)
  async pay(@Args('input', { type: () => ID }) id: string): Promise<Order> {
    await stage.work.pass();
    return { id, key: String(this.locks.current()?.key) };
  }

  @Mutation(() => Order)
  @WithLock('order:{args.id}', { wait: 0 })
  async busy(@Args('id') id: string): Promise<Order> {
    return { id, key: 'ran' };
  }

  @Mutation(() => Order)
  @WithLock('order:{args.id}', { wait: 0, onBusy: ({ data: { id } }) => ({ id, key: 'instead' }) })
  async instead(@Args('id') id: string): Promise<Order> {
    return { id, key: 'ran' };
  }

  @Query(() => Order)
  @WithLock('order:{args.id}', { wait: 0, name: 'broken' })
  async broken(@Args('id') id: string): Promise<Order> {
    return { id, key: 'ran' };
  }

  @Query(() => Order)
  @WithLock('order:{args.id}')
  async throws(@Args('id') _id: string): Promise<Order> {
    throw new GoneException('its own');
  }

  @Query(() => Order)
  @WithLock('order:{args.nobody}')
  async missing(@Args('id') id: string): Promise<Order> {
    return { id, key: 'ran' };
  }

  @Query(() => Order)
  async service(@Args('id') id: string): Promise<Order> {
    return this.locks.withLock(`order:${id}`, { wait: 0 }, ({ key }) => ({ id, key }));
  }

  @Query(() => Order)
  async wrongType(@Args('id') id: string): Promise<Order> {
    return this.locks.withLock(`list:${id}`, { wait: 0 }, ({ key }) => ({ id, key }));
  }

  @Query(() => Order)
  @WithLock('order:{args.id}')
  async reentry(@Args('id') id: string): Promise<Order> {
    return this.service(id);
  }

  @Query(() => Order)
  @WithLock(({ data: { id } }) => (id === '' ? id : `order:${id}\n`))
  async keyFunction(@Args('id') id: string): Promise<Order> {
    return Promise.resolve({ id, key: 'ran' });
  }

  @ResolveField(() => String)
  @WithLock((ctx) => `stock:${parentOf(ctx).id}:${ctx.transport}`)
  async stock(@Parent() _order: Order): Promise<string> {
    return String(this.locks.current()?.key);
  }

  @ResolveField(() => String)
  @WithLock((ctx) => `busy-field:${parentOf(ctx).id}`, { wait: 0 })
  async busyField(@Parent() _order: Order): Promise<string> {
    return 'ran';
  }
}

@Injectable({ scope: Scope.REQUEST })
@Resolver()
class ScopedResolver {
  @Query(() => String)
  @WithLock('order:{args.id}', { wait: 0 })
  async scoped(@Args('id') _id: string, @CurrentLock() lock: Lock): Promise<string> {
    return Promise.resolve(lock.key);
  }
}

const APPS = PLATFORMS.flatMap((platform) => [
  { ...platform, enhancers: ['interceptors'] as const, transport: 'graphql' },
  { ...platform, enhancers: [] as const, transport: 'call' },
]);

describe.each(APPS)(
  '@WithLock() on a resolver on $platform, with fieldResolverEnhancers: $enhancers',
  ({ adapter, enhancers, transport }) => {
    let redis: LockRedis;
    let app: INestApplication;
    let url: string;

    beforeAll(async () => {
      redis = await startLockRedis();
      const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        autoSchemaFile: true,
        fieldResolverEnhancers: [...enhancers],
      });
      const root = {
        module: class RootModule {},
        imports: [...redis.modules, graphql],
        providers: [OrderResolver, ScopedResolver],
      };
      app = await NestFactory.create(root, adapter(), { logger: new RecordingLogger(), abortOnError: false });
      await app.listen(0, '127.0.0.1');
      url = `${await app.getUrl()}/graphql`;
    });

    afterEach(async () => {
      stage.work.open();
      await redis.untilNothingIsLeft();
      stage.work = new Checkpoint();
    });

    afterAll(async () => {
      await app.close();
      await redis.stop();
    });

    const ask = (query: string): Promise<any> => askGraphQL(url, query);

    it.each([
      { what: 'query', of: (id: string) => `{ order(id: "${id}") { id key } }` },
      { what: 'mutation', of: (id: string) => `mutation { pay(input: "${id}") { id key } }` },
    ])('N3a D2c: runs a $what one at a time per key of its arguments', async ({ of }) => {
      const answers = ['1', '1', '2'].map((id) => ask(of(id)));
      await eventually(async () => (await app.get(RedisLockService).inspect('order:1'))?.waiting === 1);
      await stage.work.arrived(2);
      expect(stage.work.arrivals).toBe(2);
      stage.work.open();
      for (const answer of await Promise.all(answers)) {
        const [{ id, key }] = Object.values(answer.data) as [Order];
        expect(key).toBe(`order:${id}`);
      }
      expect(stage.work.mostInside).toBe(2);
    });

    it('N3a D2a: takes the lock of a field for each object', async () => {
      const answer = await ask('{ orders { stock } }');
      expect(answer).toEqual({
        data: { orders: ['1', '2', '3'].map((id) => ({ stock: `stock:${id}:${transport}` })) },
      });
    });

    it('N3d: takes the lock of a query, of a mutation and of a field once', async () => {
      stage.work.open();
      const scripts = (query: string): Promise<number> => redis.scriptsOf(() => ask(query));
      expect(await scripts('{ order(id: "1") { id } }')).toBe(2);
      expect(await scripts('{ order(id: "1") { stock } }')).toBe(4);
      expect(await scripts('mutation { pay(input: "1") { id } }')).toBe(2);
      expect(await scripts('{ throws(id: "1") { id } }')).toBe(2);
      expect(await scripts('{ missing(id: "1") { id } }')).toBe(0);
    });

    it.each([
      { query: 'mutation { busy(id: "secret") { key } }', status: 409, code: 'LOCK_NOT_ACQUIRED' },
      { query: '{ broken(id: "secret") { key } }', status: 503, code: 'LOCK_BACKEND' },
      { query: '{ missing(id: "secret") { key } }', status: 400, code: 'LOCK_KEY' },
      { query: '{ service(id: "secret") { key } }', status: 409, code: 'LOCK_NOT_ACQUIRED' },
      { query: '{ reentry(id: "secret-too") { key } }', status: 500, code: 'LOCK_REENTRY' },
      { query: '{ keyFunction(id: "secret") { key } }', status: 400, code: 'LOCK_KEY' },
    ])('N8 D3: tells the client $code and $status, and not the key', async ({ query, status, code }) => {
      const giveBack = await redis.takeAsStranger('order:secret');
      const answer = withoutLeak(await ask(query), 'order:');
      await giveBack();
      const [{ message, extensions }] = answer.errors;
      expect(extensions.originalError).toMatchObject({ statusCode: status, code, message });
    });

    it('N8 D3: tells the client that the key is data of another kind, and not the key', async () => {
      await sendCommand(redis.url, 'RPUSH', 'lock:list:secret', 'data');
      const answer = withoutLeak(await ask('{ wrongType(id: "secret") { key } }'), 'list:');
      await sendCommand(redis.url, 'DEL', 'lock:list:secret');
      expect(answer.errors[0].extensions.originalError).toMatchObject({ statusCode: 503, code: 'LOCK_BACKEND' });
    });

    it('N8 D3: tells the client that a field is busy, and not the key', async () => {
      const giveBack = await redis.takeAsStranger('busy-field:1');
      const answer = withoutLeak(await ask('{ orders { busyField } }'), 'busy-field');
      await giveBack();
      expect(JSON.stringify(answer)).toContain('LOCK_NOT_ACQUIRED');
    });

    it('N10: locks a request-scoped resolver as any other', async () => {
      const query = '{ scoped(id: "1") }';
      expect(await redis.scriptsOf(async () => expect(await ask(query)).toEqual({ data: { scoped: 'order:1' } }))).toBe(
        2,
      );
      const giveBack = await redis.takeAsStranger('order:1');
      expect((await ask(query)).errors[0].extensions.originalError).toMatchObject({ code: 'LOCK_NOT_ACQUIRED' });
      await giveBack();
    });

    it('N5b: leaves the queue when the client goes away, and acquires nothing', async () => {
      const giveBack = await redis.takeAsStranger('order:1');
      const abort = new AbortController();
      const body = JSON.stringify({ query: '{ order(id: "1") { id } }' });
      const answer = fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: abort.signal,
      }).catch(() => 'aborted');
      const waiting = async (): Promise<number | undefined> =>
        (await app.get(RedisLockService).inspect('order:1'))?.waiting;
      await eventually(async () => (await waiting()) === 1);
      abort.abort();
      await answer;
      await eventually(async () => (await waiting()) === 0);
      await giveBack();
      expect(stage.work.arrivals).toBe(0);
    });

    it('D4: does what its decorator says of a busy lock', async () => {
      const giveBack = await redis.takeAsStranger('order:1');
      expect(await ask('mutation { instead(id: "1") { key } }')).toEqual({ data: { instead: { key: 'instead' } } });
      await giveBack();
    });

    it('N7: leaves the error of the resolver as it is', async () => {
      const { errors } = await ask('{ throws(id: "1") { id } }');
      expect(errors[0].extensions.originalError).toMatchObject({ statusCode: 410, message: 'its own' });
    });
  },
);
