// The library of the workspace: handlers that lock, for whichever app imports them.
import { Controller, Module } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WithLock } from 'nestjs-redis-lock';

@Controller()
export class OrdersController {
  @MessagePattern('pay')
  @WithLock('order:{data.id}', { wait: 0 })
  async pay(): Promise<string> {
    return 'paid';
  }
}

@WebSocketGateway()
export class OrdersGateway {
  @SubscribeMessage('pay')
  @WithLock('order:{data.id}', { wait: 0 })
  async pay(): Promise<{ event: string; data: string }> {
    return { event: 'paid', data: 'paid' };
  }
}

@Module({ controllers: [OrdersController], providers: [OrdersGateway] })
export class OrdersModule {}
