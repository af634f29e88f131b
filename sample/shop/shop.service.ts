import { GoneException, Injectable } from '@nestjs/common';
import { ShopSetting } from '../shop-setting.js';
import { CardTerminal } from './card-terminal.js';
import type { Ledger } from '../books/item.interface.js';
import { StockStore } from '../books/stock-store.js';

@Injectable()
export class ShopService {
  constructor(
    private readonly stock: StockStore,
    private readonly terminal: CardTerminal,
    private readonly setting: ShopSetting,
  ) {}

  /** Two of these at once sell the same piece twice, unless a lock keeps them apart. */
  async sell(itemId: string, buyer: number, fencingToken?: number) {
    const stock = await this.stock.read(itemId);
    if (stock === 0) throw new GoneException('Sold out.');

    await this.terminal.charge(buyer);

    const order = { buyer, shop: this.setting.name, fencingToken };
    await this.stock.write(itemId, stock - 1, order);
  }

  ledger(itemId: string): Promise<Ledger> {
    return this.stock.ledger(itemId);
  }
}
