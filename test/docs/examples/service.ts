import { Injectable } from '@nestjs/common';
import { RedisLockService } from 'nestjs-redis-lock';

@Injectable()
export class Invoices {
  constructor(private readonly locks: RedisLockService) {}

  async send(id: string, deliver: (fencingToken: number) => Promise<string>) {
    return this.locks.withLock(`invoice:${id}`, { ttl: 10_000, wait: 2_000 }, async (lock) => {
      lock.signal.throwIfAborted(); // aborts as soon as it is no longer sure that we are alone
      return deliver(lock.fencingToken); // let the storage refuse smaller ones
    });
  }

  async sendUnlessSomebodyDoes(id: string, deliver: () => Promise<void>) {
    await using lock = await this.locks.tryAcquire(`invoice:${id}`); // null when busy
    if (lock) await deliver();
  }
}
