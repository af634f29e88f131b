import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { RedisLockModule, RedisLockService } from 'nestjs-redis-lock';
import { reportIdle } from '../../support/report-idle.js';

class Missing {}

@Injectable()
class NeedsWhatIsMissing {
  constructor(
    readonly locks: RedisLockService,
    readonly missing: Missing,
  ) {}
}

// A testing module that does not compile cannot be closed: nothing of it may keep the process alive.
const imports = [RedisLockModule.forRoot({ connection: process.env.TEST_REDIS_URL ?? '' })];
await Test.createTestingModule({ imports, providers: [NeedsWhatIsMissing] })
  .compile()
  .catch((error: Error) => console.log('refused:', error.message.split('.')[0]));
reportIdle();
