import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { RedisLockService, type Lock } from 'nestjs-redis-lock';

const KEY = 'demo:mutex';
const PAUSE_MS = 500;

/** Six steps, each of which goes one way only when the lock is a mutex. */
@Injectable()
export class MutexDemo {
  constructor(private readonly locks: RedisLockService) {}

  /** @returns whether every step went as it must. */
  async run(print: (line: string) => void): Promise<boolean> {
    let failures = 0;
    const tell = (step: string, must: string, went: string): void => {
      if (went !== must) failures++;
      print(went === must ? `ok      ${step}: ${went}` : `FAILED  ${step}: ${went}, should be ${must}`);
    };

    const first = await this.locks.tryAcquire(KEY);
    tell('1. the first acquire', 'acquired', outcome(first));
    const second = await this.locks.tryAcquire(KEY);
    tell('2. a second on the same key', 'refused', outcome(second));
    await sleep(PAUSE_MS);
    const third = await this.locks.tryAcquire(KEY);
    tell('3. a third, after a pause', 'refused', outcome(third));
    tell('4. release', 'released', (await first?.release()) ?? 'nothing to release');
    const fourth = await this.locks.tryAcquire(KEY);
    tell('5. a fourth acquire', 'acquired', outcome(fourth));
    tell('6. release', 'released', (await fourth?.release()) ?? 'nothing to release');

    await second?.release();
    await third?.release();
    return failures === 0;
  }
}

function outcome(lock: Lock | null): string {
  return lock === null ? 'refused' : 'acquired';
}
