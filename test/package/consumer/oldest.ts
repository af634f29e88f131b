// Only compiled, by the oldest TypeScript too: what an app of that age uses. It leaves declaration files of others unread (skipLibCheck).
import { Controller, Injectable, Module, Param, Post } from '@nestjs/common';
import {
  CurrentLock,
  InjectRedisLock,
  type Lock,
  type LockKeyContext,
  LockKeyError,
  LockLostError,
  LockNotAcquiredError,
  type LockOptions,
  RedisLockError,
  RedisLockExceptionFilter,
  RedisLockModule,
  type RedisLockModuleOptions,
  RedisLockService,
  WithLock,
  lockKey,
} from 'nestjs-redis-lock';
import { RedisLockTestingModule } from 'nestjs-redis-lock/testing';

interface Item {
  id: string;
  tags: string[];
}

const options: LockOptions = { ttl: 5_000, wait: 0, reentry: 'fail' };

export const ItemLock = WithLock('item:{0.id}', { wait: 0 });
export const FirstLock = WithLock(({ args: [item] }: LockKeyContext<[Item]>) => item.id);

@Injectable()
export class Stock {
  constructor(
    private readonly locks: RedisLockService,
    @InjectRedisLock('billing') private readonly billing: RedisLockService,
  ) {}

  @WithLock('item:{0.id}:{0.tags.0}', options)
  async take(_item: Item): Promise<void> {}

  @WithLock(['from:{0}', 'to:{1}'], { onBusy: 'skip' })
  async move(_from: string, _to: string): Promise<void> {}

  @WithLock(({ args: [item] }) => `item:${item.id.toUpperCase()}`)
  async give(_item: Item): Promise<void> {}

  @ItemLock
  @FirstLock
  async swap(_item: Item, _for: Item): Promise<void> {}

  // @ts-expect-error -- the method has a string there
  @WithLock((call) => call.args[0].id)
  async misread(_id: string): Promise<void> {}

  // @ts-expect-error -- here too
  @FirstLock
  async misled(_id: string): Promise<void> {}

  // @ts-expect-error -- and nothing behind it
  @WithLock('item:{1}')
  async beyond(_id: string): Promise<void> {}

  async count(id: string): Promise<number> {
    const lock: Lock = await this.locks.acquire(lockKey`item:${id}`, options);
    const outcome: 'released' | 'expired' | 'stolen' = await lock.release();
    return (await this.billing.withLock(['a', id], async ({ fencingToken }) => fencingToken)) + outcome.length;
  }
}

@Controller('items')
export class ItemsController {
  @Post(':id')
  @WithLock('item:{params.id}')
  async post(@Param('id') id: string, @CurrentLock() lock: Lock): Promise<string> {
    return `${id} ${lock.key}`;
  }
}

@Module({
  imports: [
    RedisLockModule.forRootAsync({ useFactory: (): RedisLockModuleOptions => ({ defaults: options }) }),
    RedisLockModule.forRoot({ name: 'billing' }),
  ],
  controllers: [ItemsController],
  providers: [Stock, RedisLockExceptionFilter],
})
export class StockModule {}

@Module({
  imports: [RedisLockTestingModule.forRoot(), RedisLockTestingModule.forRoot({ name: 'billing' })],
  providers: [Stock],
})
export class StockTestModule {}

export function reasonOf(error: unknown): string | number | undefined {
  if (error instanceof LockNotAcquiredError) return error.retryAfterMs;
  if (error instanceof LockLostError) return error.reason;
  if (error instanceof LockKeyError) return error.message;
  return error instanceof RedisLockError ? error.code : undefined;
}
