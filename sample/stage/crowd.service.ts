import { randomUUID } from 'node:crypto';
import { ConflictException, Injectable } from '@nestjs/common';
import { RedisLockService } from 'nestjs-redis-lock';
import { Activity } from '../activity/activity.js';
import { StockStore } from '../books/stock-store.js';
import { ShopSetting } from '../shop-setting.js';
import { OFFER } from './offer.js';

/** Sends a crowd of buyers to all processes at once, each with an HTTP request of its own. */
@Injectable()
export class CrowdService {
  constructor(
    private readonly locks: RedisLockService,
    private readonly stock: StockStore,
    private readonly activity: Activity,
    private readonly setting: ShopSetting,
  ) {}

  /** One sale at a time, whichever process was asked for it. */
  async rush(withLock: boolean): Promise<void> {
    await using turn = await this.locks.tryAcquire('sale');
    if (turn === null) throw new ConflictException('A sale is on already.');

    await this.activity.report({ type: 'opened', withLock });
    await this.deliver(turn.signal);
    await this.buy(withLock, turn.signal);
    await this.activity.report({ type: 'closed', ledger: await this.stock.ledger(OFFER.itemId) });
  }

  private async deliver(signal: AbortSignal): Promise<void> {
    const delivery = { id: randomUUID(), amount: OFFER.pieces };
    await Promise.all(
      this.setting.urls.map((url) => post(`${url}/items/${OFFER.itemId}/deliveries`, delivery, signal)),
    );
  }

  private async buy(withLock: boolean, signal: AbortSignal): Promise<void> {
    const path = `/items/${OFFER.itemId}/orders${withLock ? '/locked' : ''}`;
    const buyers = Array.from({ length: OFFER.buyers }, (_, index) => index + 1);
    const { urls } = this.setting;
    await Promise.allSettled(
      buyers.map((buyer) => post(`${urls[buyer % urls.length] ?? ''}${path}`, { buyer }, signal)),
    );
  }
}

async function post(url: string, body: object, signal: AbortSignal): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal });
  await answer.arrayBuffer();
}
