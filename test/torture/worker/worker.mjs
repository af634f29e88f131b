// One app with the module, and callers that take locks all the time. SIGTERM ends it as it ends any app.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { now } from '../clock.mjs';
import { randomFrom } from '../random.mjs';
import { Caller } from './caller.mjs';
import { on, tell } from './link.mjs';
import { makePatientPlan, makePlan } from './plan.mjs';
import { Pulse } from './pulse.mjs';
import { spoil } from './sabotage.mjs';

const SHUTDOWN_GRACE_MS = 4_000;

const {
  name: worker,
  library,
  url,
  seed,
  callers,
  patientCallers,
  keyCount,
  sharedKeys,
  sabotage,
} = JSON.parse(process.argv[2]);
for (const event of ['unhandledRejection', 'uncaughtException']) {
  process.on(event, (error) => tell({ type: 'trouble', text: `${event}: ${error?.stack ?? error}` }));
}

const { RedisLockModule, RedisLockService } = await import(library);
class AppModule {}
const options = { connection: url, shutdownGrace: SHUTDOWN_GRACE_MS, defaults: { ttl: 500, wait: 2_000 } };
Module({ imports: [RedisLockModule.forRoot(options)] })(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
app.enableShutdownHooks();
const locks = spoil(app.get(RedisLockService), sabotage);

/** Stops the event loop without using the CPU. */
on('block', ({ ms }) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms));

let forced = 0;
on('force', async ({ key }) => {
  forced += 1;
  const id = forced;
  tell({ type: 'lossBegun', id, key, at: now() });
  const isAnswered = await locks.forceRelease(key).then(
    () => true,
    () => false,
  );
  tell({ type: 'lossEnded', id, at: now(), isAnswered });
});

const pulse = new Pulse();
pulse.start();
const random = randomFrom(seed);
function startCallers(count, makePlan) {
  for (let started = 0; started < count; started += 1) {
    const own = randomFrom(random.below(2 ** 31));
    void new Caller({ locks, makePlan: () => makePlan(own), pulse, worker }).run();
  }
}
startCallers(callers, (own) => makePlan(own, keyCount));
startCallers(patientCallers, (own) => makePatientPlan(own, sharedKeys));
tell({ type: 'ready' });
