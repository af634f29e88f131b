import { Controller, Get, Module, Param } from '@nestjs/common';
import { Args, Query, Resolver } from '@nestjs/graphql';
import { GrpcMethod, MessagePattern } from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  LockBackendError,
  LockClosedError,
  LockKeyError,
  LockLostError,
  LockNotAcquiredError,
  LockNotHeldError,
  LockQueueFullError,
  LockReentryError,
  RedisLockOptionsError,
  type RedisLockErrorCode,
} from 'nestjs-redis-lock';

const KEY = 'order:secret';

/** Each error of ours, as it comes out of the service. */
export const FAILURES: Readonly<Record<RedisLockErrorCode, () => Error>> = {
  LOCK_NOT_ACQUIRED: () => new LockNotAcquiredError({ key: KEY, waitedMs: 5, retryAfterMs: 1_000 }),
  LOCK_KEY: () => new LockKeyError(`The key "${KEY}" is bad.`, { key: KEY }),
  LOCK_QUEUE_FULL: () => new LockQueueFullError(KEY, 3),
  LOCK_BACKEND: () =>
    new LockBackendError(`Lock "${KEY}" could not be asked for.`, { key: KEY, cause: new Error('secret') }),
  LOCK_LOST: () => new LockLostError({ key: KEY, reason: 'stolen' }),
  LOCK_CLOSED: () => new LockClosedError(KEY),
  LOCK_REENTRY: () => new LockReentryError(KEY),
  LOCK_NOT_HELD: () => new LockNotHeldError(KEY),
  LOCK_OPTIONS: () => new RedisLockOptionsError({ option: 'ttl', value: KEY, remedy: 'pass more', key: KEY }),
};

export const CODES = Object.keys(FAILURES) as RedisLockErrorCode[];

const fail = async (code: string): Promise<never> => Promise.reject(FAILURES[code as RedisLockErrorCode]());

@Controller()
class FailingController {
  @Get(':code')
  async get(@Param('code') code: string): Promise<never> {
    return fail(code);
  }

  @MessagePattern('fail')
  async message(code: string): Promise<never> {
    return fail(code);
  }

  @GrpcMethod('Orders', 'Fail')
  async call({ id }: { id: string }): Promise<never> {
    return fail(id);
  }
}

@WebSocketGateway()
class FailingGateway {
  @SubscribeMessage('fail')
  async onEvent(_client: unknown, code: string): Promise<never> {
    return fail(code);
  }
}

@Resolver()
class FailingResolver {
  @Query(() => String)
  async fail(@Args('code') code: string): Promise<never> {
    return fail(code);
  }
}

@Module({ controllers: [FailingController], providers: [FailingGateway, FailingResolver] })
export class FailuresModule {}
