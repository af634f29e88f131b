import { Controller, Module, Param, ParseIntPipe, Post } from '@nestjs/common';
import { RedisLockModule, WithLock } from 'nestjs-redis-lock';

@Controller('orders')
export class OrderController {
  @Post(':id/payment')
  @WithLock('order:{0}') // one payment per order at a time, in all processes
  async pay(@Param('id', ParseIntPipe) id: number) {
    return { paid: id };
  }
}

@Module({
  imports: [RedisLockModule.forRoot({ connection: 'redis://localhost:6379' })],
  controllers: [OrderController],
})
export class AppModule {}
