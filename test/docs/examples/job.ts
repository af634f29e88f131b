import { Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { WithLock } from 'nestjs-redis-lock';

@Injectable()
export class Reports {
  sent = 0;

  @Cron('0 3 * * *')
  @WithLock('reports', { wait: 0, onBusy: 'skip', minHold: 60_000 }) // once a night, however many replicas
  async nightly() {
    this.sent += 1;
  }

  @WithLock('report:{0.customer}:{0.month}', { onLost: 'reject' })
  async build(report: { customer: string; month: number }) {
    return `${report.customer} ${report.month}`;
  }
}
