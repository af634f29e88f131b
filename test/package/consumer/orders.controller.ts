import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Param, Post } from '@nestjs/common';
import { CurrentLock, type Lock, WithLock } from 'nestjs-redis-lock';

@Controller('orders')
export class OrdersController {
  readonly fencingTokens: number[] = [];
  mostAtOnce = 0;
  #inside = 0;
  #open: () => void = () => undefined;
  #entered: () => void = () => undefined;

  @Post(':id/pay')
  @WithLock('order:{params.id}')
  async pay(@Param('id') id: string, @CurrentLock() lock: Lock): Promise<{ id: string; held: boolean }> {
    this.#inside += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#inside);
    await sleep(15);
    this.#inside -= 1;
    this.fencingTokens.push(lock.fencingToken);
    return { id, held: lock.isHeld };
  }

  @Post(':id/hold')
  @WithLock('order:{params.id}')
  async hold(): Promise<void> {
    const opened = new Promise<void>((resolve) => (this.#open = resolve));
    this.#entered();
    await opened;
  }

  @Post(':id/try')
  @WithLock('order:{params.id}', { wait: 0 })
  async tryIt(@Param('id') id: string): Promise<{ id: string }> {
    return { id };
  }

  /** Resolves when a request is inside `hold()`. */
  nextHolder(): Promise<void> {
    return new Promise((resolve) => (this.#entered = resolve));
  }

  /** Lets the request inside `hold()` go. */
  letGo(): void {
    this.#open();
  }
}
