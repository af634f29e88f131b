import { Body, Controller, Param, ParseIntPipe, Post } from '@nestjs/common';
import { Activity } from '../activity/activity.js';
import { StockStore } from '../books/stock-store.js';
import { ShopSetting } from '../shop-setting.js';
import { DeliveryService } from './delivery.service.js';

@Controller('items/:itemId/deliveries')
export class DeliveryController {
  constructor(
    private readonly deliveries: DeliveryService,
    private readonly stock: StockStore,
    private readonly activity: Activity,
    private readonly setting: ShopSetting,
  ) {}

  @Post()
  async deliver(
    @Param('itemId') itemId: string,
    @Body('id') id: string,
    @Body('amount', ParseIntPipe) amount: number,
  ): Promise<void> {
    const isUnloaded = (await this.deliveries.unload({ id, itemId, amount })) !== undefined;
    await this.activity.report({
      type: 'delivery',
      shop: this.setting.name,
      isUnloaded,
      ledger: await this.stock.ledger(itemId),
    });
  }
}
