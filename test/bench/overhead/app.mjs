// A Nest app that takes locks in each way. Told by IPC what to do; answers with the CPU that it took.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { ExternalContextCreator, NestFactory } from '@nestjs/core';
import { RedisLockModule, RedisLockService } from 'nestjs-redis-lock';
import { lastValueFrom } from 'rxjs';
import { app, controllers, handlers, methods } from './ways.mjs';

const [connection] = process.argv.slice(2);

class AppModule {}
Module({
  imports: [RedisLockModule.forRoot({ connection })],
  controllers: Object.values(controllers),
  providers: [handlers, methods].flatMap(Object.values),
})(AppModule);

const nest = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
await nest.listen(0, '127.0.0.1');
app.locks = nest.get(RedisLockService);

const ENHANCERS = { interceptors: true, guards: true, filters: false };

/** As the packages for messages do it. */
function handlerOf(type) {
  const instance = nest.get(type);
  const handle = nest
    .get(ExternalContextCreator)
    .create(instance, instance.handle, 'handle', undefined, undefined, undefined, undefined, ENHANCERS, 'rpc');
  return async (message) => {
    const result = await handle(message);
    return typeof result?.subscribe === 'function' ? lastValueFrom(result) : result;
  };
}

/** As many callers at once, each one call after the other. */
async function play(call, { calls, callers }) {
  const caller = async (number) => {
    for (let done = 0; done < calls / callers; done += 1) await call(String(number));
  };
  await Promise.all(Array.from({ length: callers }, (_, number) => caller(number)));
}

let begun;
const COMMANDS = {
  begin() {
    globalThis.gc();
    begun = process.cpuUsage();
  },
  /** µs since then, of this process alone. */
  end() {
    const { user, system } = process.cpuUsage(begun);
    return user + system;
  },
  handler: ({ way, ...turn }) => play(handlerOf(handlers[way]), turn),
  method({ way, ...turn }) {
    const instance = nest.get(methods[way]);
    return play((id) => instance.handle(id), turn);
  },
  async close() {
    nest.getHttpServer().closeAllConnections();
    await nest.close();
  },
};
process.on('message', async ({ command, ...rest }) => {
  const answer = await COMMANDS[command](rest);
  process.send({ answer }, () => command === 'close' && process.disconnect());
});
process.send({ answer: await nest.getUrl() });
