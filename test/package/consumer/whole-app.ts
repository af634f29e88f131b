// What the README says of a test of a whole app, with the Nest that the app has.
import * as assert from 'node:assert';
import { Test } from '@nestjs/testing';
import { useLocksInMemory } from 'nestjs-redis-lock/testing';
import { AppModule } from './app.module.js';

export async function testWithoutRedis(): Promise<void> {
  const builder = Test.createTestingModule({ imports: [AppModule.on({ url: 'redis://127.0.0.1:1' })] });
  const control = useLocksInMemory(builder);
  const app = (await builder.compile()).createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  const post = async (): Promise<number> =>
    (await fetch(`http://127.0.0.1:${port}/orders/1/try`, { method: 'POST' })).status;
  assert.strictEqual(await post(), 201);
  control.busy('order:1');
  assert.strictEqual(await post(), 409);
  control.free('order:1');
  control.fail();
  assert.strictEqual(await post(), 503);
  control.recover();
  assert.strictEqual(await post(), 201);
  await app.close();
}
