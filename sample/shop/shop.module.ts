import { Module } from '@nestjs/common';
import { CardTerminal } from './card-terminal.js';
import { DeliveryController } from './delivery.controller.js';
import { DeliveryService } from './delivery.service.js';
import { ShopController } from './shop.controller.js';
import { ShopService } from './shop.service.js';

@Module({
  controllers: [ShopController, DeliveryController],
  providers: [ShopService, DeliveryService, CardTerminal],
  exports: [ShopService],
})
export class ShopModule {}
