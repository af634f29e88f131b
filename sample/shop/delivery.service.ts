import { Injectable } from '@nestjs/common';
import { WithLock } from 'nestjs-redis-lock';
import type { Delivery } from '../books/item.interface.js';
import { StockStore } from '../books/stock-store.js';

@Injectable()
export class DeliveryService {
  constructor(private readonly stock: StockStore) {}

  /** Every process is told of every delivery, and one unloads it: `minHold` keeps the lock taken until the slowest has tried. */
  @WithLock('delivery:{0.id}', {
    wait: 0,
    onBusy: 'skip',
    minHold: 5_000,
  })
  async unload(delivery: Delivery): Promise<'unloaded' | undefined> {
    await this.stock.restock(delivery.itemId, delivery.amount);
    return 'unloaded';
  }
}
