import type { Ledger, Order } from './item.interface.js';

/** How many orders a ledger shows. */
export const LAST_ORDERS = 6;

/** Where the shop keeps its books. All processes of the shop see the same. */
export abstract class StockStore {
  /** Pieces on the shelf. */
  abstract read(itemId: string): Promise<number>;

  /**
   * Writes the new stock and the order that made it.
   *
   * @throws {StaleWriterError} when somebody with a greater fencing token has already written.
   */
  abstract write(itemId: string, stock: number, order: Order): Promise<void>;

  /** Opens new books: `amount` pieces, no orders. */
  abstract restock(itemId: string, amount: number): Promise<void>;

  abstract ledger(itemId: string): Promise<Ledger>;
}

/** The writer held a lock once, and was overtaken: its lease ended while it was paused. */
export class StaleWriterError extends Error {
  override readonly name = 'StaleWriterError';
}
