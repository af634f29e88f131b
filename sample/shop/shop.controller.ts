import { Body, Controller, Get, Param, ParseIntPipe, Post } from '@nestjs/common';
import { CurrentLock, WithLock, type Lock } from 'nestjs-redis-lock';
import type { Ledger } from '../books/item.interface.js';
import { ShopService } from './shop.service.js';

@Controller('items/:id')
export class ShopController {
  constructor(private readonly shop: ShopService) {}

  @Post('orders')
  async order(@Param('id') id: string, @Body('buyer', ParseIntPipe) buyer: number) {
    await this.shop.sell(id, buyer);
  }

  @Post('orders/locked')
  @WithLock('item:{params.id}')
  async orderLocked(@Param('id') id: string, @Body('buyer', ParseIntPipe) buyer: number, @CurrentLock() lock: Lock) {
    await this.shop.sell(id, buyer, lock.fencingToken);
  }

  @Get()
  ledger(@Param('id') id: string): Promise<Ledger> {
    return this.shop.ledger(id);
  }
}
