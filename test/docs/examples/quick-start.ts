import { Controller, Module, Param, Post } from '@nestjs/common';
import { RedisLockModule, WithLock } from 'nestjs-redis-lock';

@Controller('orders')
export class OrderController {
  @Post(':id/payment')
  @WithLock('order:{params.id}') // one payment per order at a time, in all processes
  async pay(@Param('id') id: string) {
    return { paid: id };
  }
}

@Module({
  imports: [RedisLockModule.forRoot({ connection: 'redis://localhost:6379' })],
  controllers: [OrderController],
})
export class AppModule {}
