import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RedisLockModule, WithLock } from 'nestjs-redis-lock';

@Controller()
class WorkController {
  @Get()
  @WithLock('work', { metadata: String(process.pid) })
  async work(): Promise<void> {
    process.once('SIGTERM', () => void sleep(100).then(() => this.finish()));
    console.log('working');
    await new Promise<void>((resolve) => (this.finish = resolve));
    console.log('finished');
  }

  private finish: () => void = () => undefined;
}

const imports = [
  RedisLockModule.forRoot({ connection: process.env.TEST_REDIS_URL ?? '', keyPrefix: process.env.KEY_PREFIX ?? '' }),
];
const app = await NestFactory.create(
  { module: class RootModule {}, imports, controllers: [WorkController] },
  { logger: false },
);
app.enableShutdownHooks(['SIGTERM']);
await app.listen(0, '127.0.0.1');
console.log(await app.getUrl());
