/** What one process of the shop has to know of its surroundings. */
export class ShopSetting {
  constructor(
    /** Which of the processes this one is, counted from 0. */
    readonly index: number,
    /** Addresses of all processes, this one included. */
    readonly urls: readonly string[],
    /** Where stock, orders and locks are; without it they are in this process' memory. */
    readonly redisUrl?: string,
  ) {}

  get name(): string {
    return this.names[this.index] as string;
  }

  /** Of all processes. */
  get names(): readonly string[] {
    return this.urls.map((_, index) => `shop-${index + 1}`);
  }
}
