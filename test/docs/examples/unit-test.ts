import { Test } from '@nestjs/testing';
import { RedisLockTestingModule } from 'nestjs-redis-lock/testing';
import { Reports } from './job.js';

export async function testReports() {
  const module = await Test.createTestingModule({
    imports: [RedisLockTestingModule.forRoot()],
    providers: [Reports],
  }).compile();
  return module.get(Reports).build({ customer: 'c1', month: 5 }); // locked as in production, without Redis
}
