import { Injectable } from '@nestjs/common';
import type { Ledger, Order } from './item.interface.js';
import { LAST_ORDERS, StaleWriterError, StockStore } from './stock-store.js';

/** The books of a shop that consists of one process. */
@Injectable()
export class MemoryStockStore extends StockStore {
  private readonly items = new Map<string, { delivered: number; stock: number; fence: number; orders: Order[] }>();

  async read(itemId: string): Promise<number> {
    return this.items.get(itemId)?.stock ?? 0;
  }

  async write(itemId: string, stock: number, order: Order): Promise<void> {
    const item = this.items.get(itemId);
    if (item === undefined) throw new Error(`There is no item ${itemId}.`);
    if (order.fencingToken !== undefined) {
      if (order.fencingToken < item.fence) throw new StaleWriterError();
      item.fence = order.fencingToken;
    }
    item.stock = stock;
    item.orders.unshift(order);
  }

  async restock(itemId: string, amount: number): Promise<void> {
    this.items.set(itemId, { delivered: amount, stock: amount, fence: this.items.get(itemId)?.fence ?? 0, orders: [] });
  }

  async ledger(itemId: string): Promise<Ledger> {
    const { delivered = 0, stock = 0, orders = [] } = this.items.get(itemId) ?? {};
    return { delivered, stock, sold: orders.length, lastOrders: orders.slice(0, LAST_ORDERS) };
  }
}
