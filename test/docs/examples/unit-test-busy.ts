import { Test } from '@nestjs/testing';
import { LockTestControl, RedisLockTestingModule } from 'nestjs-redis-lock/testing';
import { Reports } from './job.js';

export async function testThatReportsAreSkippedWhenBusy() {
  const module = await Test.createTestingModule({
    imports: [RedisLockTestingModule.forRoot()],
    providers: [Reports],
  }).compile();
  module.get(LockTestControl).busy('reports'); // or: await lose('reports'), fail(), recover(), free('reports')
  return module.get(Reports).nightly();
}
