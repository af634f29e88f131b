import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { MemoryStockStore } from '../../sample/books/memory-stock-store.js';
import { RedisStockStore } from '../../sample/books/redis-stock-store.js';
import { StaleWriterError, type StockStore } from '../../sample/books/stock-store.js';
import { uniqueKey } from '../support/unique-key.js';

describe.each(['memory', 'Redis'])('the books in %s', (place) => {
  let redis: Redis | undefined;
  let books: StockStore;
  let item: string;

  beforeEach(async () => {
    redis = place === 'Redis' ? new Redis(process.env.TEST_REDIS_URL ?? '') : undefined;
    books = redis === undefined ? new MemoryStockStore() : new RedisStockStore(redis);
    item = uniqueKey('item');
    await books.restock(item, 3);
  });

  afterEach(async () => {
    await redis?.quit();
  });

  it('know what was delivered, what is left and who bought, the last first', async () => {
    expect(await books.read(item)).toBe(3);
    await books.write(item, 2, { buyer: 1, shop: 'shop-1', fencingToken: undefined });
    await books.write(item, 1, { buyer: 2, shop: 'shop-2', fencingToken: 7 });
    const { lastOrders, ...numbers } = await books.ledger(item);
    expect(numbers).toEqual({ delivered: 3, stock: 1, sold: 2 });
    expect(lastOrders).toEqual([
      { buyer: 2, shop: 'shop-2', fencingToken: 7 },
      { buyer: 1, shop: 'shop-1' },
    ]);
  });

  it('refuse a writer whose lock is older than that of the last writer, also after a delivery', async () => {
    await books.write(item, 2, { buyer: 1, shop: 'shop-1', fencingToken: 1_795_294_127_768_360 });
    const late = { buyer: 2, shop: 'shop-2', fencingToken: 1_795_294_127_768_359 };
    await expect(books.write(item, 2, late)).rejects.toThrow(StaleWriterError);
    await books.restock(item, 3);
    await expect(books.write(item, 2, late)).rejects.toThrow(StaleWriterError);
    expect(await books.ledger(item)).toEqual({ delivered: 3, stock: 3, sold: 0, lastOrders: [] });
  });

  it('are empty for an item that was never delivered', async () => {
    const unknown = uniqueKey('item');
    expect(await books.read(unknown)).toBe(0);
    expect(await books.ledger(unknown)).toEqual({ delivered: 0, stock: 0, sold: 0, lastOrders: [] });
  });
});
