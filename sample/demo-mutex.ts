import { NestFactory } from '@nestjs/core';
import { lockModule } from './lock-module.js';
import { MutexDemo } from './mutex/mutex-demo.js';
import { openBackend } from './redis/open-backend.js';

const backend = await openBackend();
console.log(`${backend.description}\n`);
const module = { module: class MutexDemoModule {}, imports: [lockModule(backend.redisUrl)], providers: [MutexDemo] };
const app = await NestFactory.createApplicationContext(module, { logger: ['error', 'warn'] });
try {
  const isMutex = await app.get(MutexDemo).run(console.log);
  process.exitCode = isMutex ? 0 : 1;
} finally {
  await app.close();
  await backend.close();
}
