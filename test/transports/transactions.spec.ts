import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  UseInterceptors,
  type CallHandler,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WithLock } from 'nestjs-redis-lock';
import { defer, from, mergeMap } from 'rxjs';
import { PLATFORMS } from '../support/http-app.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { startLockRedis, type LockRedis } from '../support/transport-redis.js';

const stage = { redis: undefined as LockRedis | undefined, steps: [] as string[] };

/** Writes down what happens, and which locks are taken in Redis meanwhile. */
async function step(name: string): Promise<void> {
  const keys = ((await stage.redis?.left()) ?? []).map((key) => key.replace('lock:', '')).sort();
  stage.steps.push([name, ...keys].join(' '));
}

/** As the decorators of ORMs do it: the method is replaced, and its metadata copied, unless the author did not think of it. */
function Transactional({ copiesMetadata } = { copiesMetadata: true }): MethodDecorator {
  return (_target, _key, descriptor) => {
    const original = descriptor.value as (...args: unknown[]) => Promise<unknown>;
    const wrapped = async function (this: unknown, ...args: unknown[]): Promise<unknown> {
      await step('begin');
      const result = await original.apply(this, args);
      await step('commit');
      return result;
    };
    Object.defineProperty(wrapped, 'name', { value: original.name });
    const keys = (copiesMetadata ? Reflect.getMetadataKeys(original) : []) as unknown[];
    for (const key of keys) Reflect.defineMetadata(key, Reflect.getMetadata(key, original), wrapped);
    return { ...descriptor, value: wrapped } as typeof descriptor;
  };
}

/** A transaction as an interceptor. */
const transaction: NestInterceptor = {
  intercept: (_: unknown, next: CallHandler) =>
    defer(() => from(step('begin'))).pipe(
      mergeMap(() => next.handle()),
      mergeMap((value) => from(step('commit').then(() => value as unknown))),
    ),
};

@Controller()
class OrderController {
  @Get('lock-above')
  @WithLock('order')
  @Transactional()
  async lockAbove(): Promise<string> {
    await step('work');
    return 'done';
  }

  @Get('lock-below')
  @Transactional()
  @WithLock('order')
  async lockBelow(): Promise<string> {
    await step('work');
    return 'done';
  }

  @Get('careless')
  @Transactional({ copiesMetadata: false })
  @WithLock('order')
  async careless(): Promise<string> {
    await step('work');
    return 'done';
  }

  @Get('interceptor-above')
  @UseInterceptors(transaction)
  @WithLock('order')
  async interceptorAbove(): Promise<string> {
    await step('work');
    return 'done';
  }

  @Get('interceptor-below')
  @WithLock('order')
  @UseInterceptors(transaction)
  async interceptorBelow(): Promise<string> {
    await step('work');
    return 'done';
  }

  @Get('two-locks')
  @WithLock('first')
  @WithLock('second')
  @Transactional()
  async twoLocks(): Promise<string> {
    await step('work');
    return 'done';
  }

  @Get('around')
  @WithLock('first')
  @Transactional()
  @WithLock('second')
  async around(): Promise<string> {
    await step('work');
    return 'done';
  }
}

@Injectable()
class OrderService {
  @WithLock('order')
  @Transactional()
  async lockAbove(): Promise<string> {
    await step('work');
    return 'done';
  }

  @Transactional()
  @WithLock('order')
  async lockBelow(): Promise<string> {
    await step('work');
    return 'done';
  }

  @WithLock('first')
  @Transactional()
  @WithLock('second')
  async around(): Promise<string> {
    await step('work');
    return 'done';
  }
}

const UNDER_LOCK = ['begin order', 'work order', 'commit order'];
const INSIDE = ['begin', 'work order', 'commit'];

beforeAll(async () => {
  stage.redis = await startLockRedis();
});

afterEach(() => {
  stage.steps = [];
});

afterAll(() => stage.redis?.stop());

describe.each(PLATFORMS)('a transaction around a handler under @WithLock(), on $platform', ({ adapter }) => {
  let app: INestApplication;

  beforeAll(async () => {
    const root = { module: class RootModule {}, imports: stage.redis?.modules ?? [], controllers: [OrderController] };
    app = await NestFactory.create(root, adapter(), { logger: new RecordingLogger(), abortOnError: false });
    await app.listen(0, '127.0.0.1');
  });

  afterAll(() => app.close());

  it.each([
    { path: 'lock-above', steps: UNDER_LOCK },
    { path: 'lock-below', steps: UNDER_LOCK },
    // Nest does not know of the lock any more, but the method itself does.
    { path: 'careless', steps: INSIDE },
    { path: 'interceptor-above', steps: UNDER_LOCK },
    // Nest runs the interceptors of a method from the lowest decorator up.
    { path: 'interceptor-below', steps: INSIDE },
    { path: 'two-locks', steps: ['begin first second', 'work first second', 'commit first second'] },
    { path: 'around', steps: ['begin first second', 'work first second', 'commit first second'] },
  ])('C12 N4: $path', async ({ path, steps }) => {
    const response = await fetch(`${await app.getUrl()}/${path}`);
    expect(await response.text()).toBe('done');
    expect(stage.steps).toEqual(steps);
    expect(await stage.redis?.left()).toEqual([]);
  });

  it.each([
    { path: 'lock-above', scripts: 2 },
    { path: 'lock-below', scripts: 2 },
    { path: 'careless', scripts: 2 },
    { path: 'two-locks', scripts: 4 },
    { path: 'around', scripts: 4 },
  ])('N3d: takes each lock once ($path)', async ({ path, scripts }) => {
    const url = await app.getUrl();
    expect(await stage.redis?.scriptsOf(() => fetch(`${url}/${path}`))).toBe(scripts);
  });
});

describe('a transaction around a plain method under @WithLock()', () => {
  it.each([
    { name: 'lockAbove' as const, steps: UNDER_LOCK, scripts: 2 },
    // As read: the transaction is outside, so the lock is released before it commits.
    { name: 'lockBelow' as const, steps: INSIDE, scripts: 2 },
    { name: 'around' as const, steps: ['begin first', 'work first second', 'commit first'], scripts: 4 },
  ])('C12 N4: $name nests as read, and takes each lock once', async ({ name, steps, scripts }) => {
    const root = { module: class RootModule {}, imports: stage.redis?.modules ?? [], providers: [OrderService] };
    const app = await NestFactory.createApplicationContext(root, {
      logger: new RecordingLogger(),
      abortOnError: false,
    });
    expect(await stage.redis?.scriptsOf(() => app.get(OrderService)[name]())).toBe(scripts);
    expect(stage.steps).toEqual(steps);
    await app.close();
  });
});
