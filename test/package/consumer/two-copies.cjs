// Where two copies cannot be helped (one bundled, one not), an error of either is recognised by the class of the other.
const assert = require('node:assert');
const { join } = require('node:path');

async function main() {
  const root = join(__dirname, 'node_modules', 'nestjs-redis-lock', 'dist');
  const cjs = require(join(root, 'cjs', 'index.js'));
  const esm = await import('nestjs-redis-lock');
  assert.notStrictEqual(cjs.LockClosedError, esm.LockClosedError, 'this is one copy: nothing is tested');
  for (const [one, other] of [
    [cjs, esm],
    [esm, cjs],
  ]) {
    const error = new one.LockClosedError('key');
    assert.ok(error instanceof other.LockClosedError, 'its own class');
    assert.ok(error instanceof other.RedisLockError, 'the base class');
    assert.ok(!(error instanceof other.LockLostError), 'another class');
  }
}

void main();
