import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { BuyerWatch } from './buyer-watch.interceptor.js';
import { CrowdService } from './crowd.service.js';
import { QueueMonitor } from './queue-monitor.js';
import { RunLog } from './run-log.js';
import { StageController } from './stage.controller.js';

/** The page, the crowd, and the news. Nothing of it is needed to run a shop. */
@Module({
  controllers: [StageController],
  providers: [CrowdService, QueueMonitor, RunLog, { provide: APP_INTERCEPTOR, useClass: BuyerWatch }],
})
export class StageModule {}
