import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Activity } from '../activity/activity.js';
import { ShopSetting } from '../shop-setting.js';

/** How long the bank takes: long enough for every other buyer to read the same stock, short enough for ten in a row to be watched. */
const BANK_MS = 200;

@Injectable()
export class CardTerminal {
  constructor(
    private readonly activity: Activity,
    private readonly setting: ShopSetting,
  ) {}

  async charge(buyer: number): Promise<void> {
    const payment = { shop: this.setting.name, buyer };
    await this.activity.report({ type: 'charging', ...payment });
    await sleep(BANK_MS);
    await this.activity.report({ type: 'paid', ...payment });
  }
}
