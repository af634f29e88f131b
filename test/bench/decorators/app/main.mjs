// One app of one contestant. It does what the checks ask for, and ends with them.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { CONTESTANTS } from '../contestants/index.mjs';
import { controllersOf } from './handlers.mjs';
import { calledJob, cronJobs } from './jobs.mjs';
import { alongRoutes, logger } from './log.mjs';
import { tell } from './stage.mjs';

const [name, url, milliseconds, hasCronJobs] = process.argv.slice(2);
const wait = Number(milliseconds);
process.on('disconnect', () => process.exit());

const contestant = await CONTESTANTS[name].load();
const Job = calledJob(contestant, wait);

class AppModule {}
Module({
  imports: [
    ...(await contestant.imports({ url, wait })),
    ...(hasCronJobs === 'true' ? [ScheduleModule.forRoot()] : []),
  ],
  controllers: controllersOf(contestant, wait),
  providers: [Job, ...(hasCronJobs === 'true' ? cronJobs(contestant) : [])],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger });
app.use(alongRoutes);
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');

process.on(
  'message',
  ({ callJob }) =>
    callJob &&
    app
      .get(Job)
      .handle()
      .catch((error) => logger.error(error, 'job')),
);
tell({ event: 'listening', port: app.getHttpServer().address().port });
