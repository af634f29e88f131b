import { Controller, HttpCode, Post, Sse, type MessageEvent } from '@nestjs/common';
import { concat, defer, from, map, of, type Observable } from 'rxjs';
import { Activity } from '../activity/activity.js';
import { ShopSetting } from '../shop-setting.js';
import { CrowdService } from './crowd.service.js';
import { OFFER } from './offer.js';
import { RunLog } from './run-log.js';

/** What the page talks to. */
@Controller()
export class StageController {
  constructor(
    private readonly crowd: CrowdService,
    private readonly log: RunLog,
    private readonly activity: Activity,
    private readonly setting: ShopSetting,
  ) {}

  @Post('sales')
  @HttpCode(204)
  sell(): Promise<void> {
    return this.crowd.rush(false);
  }

  @Post('sales/locked')
  @HttpCode(204)
  sellLocked(): Promise<void> {
    return this.crowd.rush(true);
  }

  /** The scene, what happened so far, and then everything as it happens; the same again after a reconnect. */
  @Sse('events')
  events(): Observable<MessageEvent> {
    const { names, redisUrl } = this.setting;
    const scene = { type: 'scene', ...OFFER, shops: names, inMemory: redisUrl === undefined };
    return defer(() => concat(of(scene), from(this.log.replay()), this.activity.events)).pipe(
      map((data) => ({ data })),
    );
  }
}
