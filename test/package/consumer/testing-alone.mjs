// Run while ioredis is a trap: a test that uses the in-memory store does not load it.
import assert from 'node:assert';
import { createRequire } from 'node:module';

await assert.rejects(import('ioredis'), { code: 'TRAP' });
const { RedisLockTestingModule } = await import('nestjs-redis-lock/testing');
assert.strictEqual(typeof RedisLockTestingModule.forRoot, 'function');
assert.strictEqual(
  typeof createRequire(import.meta.url)('nestjs-redis-lock/testing').RedisLockTestingModule.forRoot,
  'function',
);
