// One process, both module systems: one copy of the library. Two would be two RedisLockService classes, which Nest could not inject into one another.
import assert from 'node:assert';
import { createRequire } from 'node:module';
import * as imported from 'nestjs-redis-lock';
import * as importedTesting from 'nestjs-redis-lock/testing';

const require = createRequire(import.meta.url);

for (const [ours, theirs] of [
  [imported, require('nestjs-redis-lock')],
  [importedTesting, require('nestjs-redis-lock/testing')],
]) {
  const names = Object.keys(ours);
  assert.ok(names.length > 0, 'nothing is exported');
  assert.deepStrictEqual(
    Object.keys(theirs)
      .filter((name) => name in ours)
      .sort(),
    names.sort(),
  );
  for (const name of names) assert.strictEqual(theirs[name], ours[name], name);
}
assert.strictEqual(typeof imported.RedisLockService, 'function');
assert.strictEqual(typeof importedTesting.RedisLockTestingModule, 'function');
