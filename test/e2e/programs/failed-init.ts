import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { RedisLockModule, RedisLockService } from 'nestjs-redis-lock';
import { reportIdle } from '../../support/report-idle.js';

@Injectable()
class FailsToStart implements OnModuleInit {
  constructor(private readonly locks: RedisLockService) {}

  async onModuleInit(): Promise<void> {
    await this.locks.withLock('it', () => undefined);
    throw new Error('no luck');
  }
}

const imports = [RedisLockModule.forRoot({ connection: process.env.TEST_REDIS_URL ?? '' })];
const module = await Test.createTestingModule({ imports, providers: [FailsToStart] }).compile();
await module.init().catch((error: Error) => console.log('refused:', error.message));
await module.close();
reportIdle();
