import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Subject } from 'rxjs';
import { Activity } from './activity.js';
import type { ShopEvent } from './shop-event.js';

const CHANNEL = 'sample-shop:activity';

@Injectable()
export class RedisActivity extends Activity implements OnModuleInit, BeforeApplicationShutdown {
  override readonly events = new Subject<ShopEvent>();
  private readonly subscriber: Redis;

  constructor(private readonly redis: Redis) {
    super();
    this.subscriber = redis.duplicate();
    this.subscriber.on('message', (_channel, message: string) => this.events.next(JSON.parse(message) as ShopEvent));
  }

  async onModuleInit(): Promise<void> {
    await this.subscriber.subscribe(CHANNEL);
  }

  override async report(event: ShopEvent): Promise<void> {
    await this.redis.publish(CHANNEL, JSON.stringify(event));
  }

  beforeApplicationShutdown(): void {
    this.subscriber.disconnect();
    this.events.complete();
  }
}
