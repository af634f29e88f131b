import { Test } from '@nestjs/testing';
import { useLocksInMemory } from 'nestjs-redis-lock/testing';
import { AppModule } from './quick-start.js';

export async function startAppWithoutRedis() {
  const builder = Test.createTestingModule({ imports: [AppModule] });
  const control = useLocksInMemory(builder); // Nest's overrideModule() does nothing for forRoot()
  const app = (await builder.compile()).createNestApplication();
  await app.listen(0);
  return { app, control }; // control.busy('order:42'), and so on
}
