export interface Order {
  readonly buyer: number;
  /** The process that sold it. */
  readonly shop: string;
  /** Of the lock under which it was sold. */
  readonly fencingToken: number | undefined;
}

/** What the books say of one item. */
export interface Ledger {
  readonly delivered: number;
  readonly stock: number;
  readonly sold: number;
  /** The last few, newest first. */
  readonly lastOrders: readonly Order[];
}

export interface Delivery {
  readonly id: string;
  readonly itemId: string;
  readonly amount: number;
}
