import { Injectable, Logger } from '@nestjs/common';
import { RedisLockService } from 'nestjs-redis-lock';
import { Activity } from '../activity/activity.js';
import { ShopSetting } from '../shop-setting.js';
import { OFFER } from './offer.js';

const LOOK_EVERY_MS = 40;

/** Reports who holds the item's lock, and how many wait for it in this process, as long as buyers are inside. */
@Injectable()
export class QueueMonitor {
  private readonly logger = new Logger(QueueMonitor.name);
  private buyers = 0;
  private timer: NodeJS.Timeout | undefined;
  private reported = '';

  constructor(
    private readonly locks: RedisLockService,
    private readonly activity: Activity,
    private readonly setting: ShopSetting,
  ) {}

  enter(): void {
    this.buyers++;
    this.timer ??= setInterval(() => {
      this.look().catch((error: unknown) => this.logger.warn(error));
    }, LOOK_EVERY_MS);
  }

  async leave(): Promise<void> {
    this.buyers--;
    if (this.buyers > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
    await this.look();
  }

  private async look(): Promise<void> {
    const lock = await this.locks.inspect(`item:${OFFER.itemId}`);
    const queue = { waiting: lock?.waiting ?? 0, holder: lock?.metadata };
    if (JSON.stringify(queue) === this.reported) return;
    this.reported = JSON.stringify(queue);
    await this.activity.report({ type: 'queue', shop: this.setting.name, ...queue });
  }
}
