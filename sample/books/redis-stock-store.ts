import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import type { Ledger, Order } from './item.interface.js';
import { LAST_ORDERS, StaleWriterError, StockStore } from './stock-store.js';

// KEYS: stock, orders, fence. ARGV: new stock, order, fencing token or ''. Replies 0 to a writer that was overtaken.
const WRITE = /* lua */ `
if ARGV[3] ~= '' then
  if tonumber(ARGV[3]) < tonumber(redis.call('GET', KEYS[3]) or '0') then return 0 end
  redis.call('SET', KEYS[3], ARGV[3])
end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('LPUSH', KEYS[2], ARGV[2])
return 1`;

/** The books in Redis, in plain keys, for all processes of the shop. */
@Injectable()
export class RedisStockStore extends StockStore {
  constructor(private readonly redis: Redis) {
    super();
  }

  async read(itemId: string): Promise<number> {
    return Number(await this.redis.get(key(itemId, 'stock')));
  }

  async write(itemId: string, stock: number, order: Order): Promise<void> {
    const keys = [key(itemId, 'stock'), key(itemId, 'orders'), key(itemId, 'fence')];
    const isWritten = await this.redis.eval(
      WRITE,
      keys.length,
      ...keys,
      stock,
      JSON.stringify(order),
      order.fencingToken ?? '',
    );
    if (isWritten === 0) throw new StaleWriterError();
  }

  async restock(itemId: string, amount: number): Promise<void> {
    const books = { [key(itemId, 'delivered')]: amount, [key(itemId, 'stock')]: amount };
    await this.redis.multi().mset(books).del(key(itemId, 'orders')).exec();
  }

  async ledger(itemId: string): Promise<Ledger> {
    const [delivered, stock, sold, orders] = await Promise.all([
      this.redis.get(key(itemId, 'delivered')),
      this.redis.get(key(itemId, 'stock')),
      this.redis.llen(key(itemId, 'orders')),
      this.redis.lrange(key(itemId, 'orders'), 0, LAST_ORDERS - 1),
    ]);
    const lastOrders = orders.map((order) => JSON.parse(order) as Order);
    return { delivered: Number(delivered), stock: Number(stock), sold, lastOrders };
  }
}

function key(itemId: string, part: 'delivered' | 'stock' | 'orders' | 'fence'): string {
  return `sample-shop:{${itemId}}:${part}`;
}
