import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Subject } from 'rxjs';
import { Activity } from './activity.js';
import type { ShopEvent } from './shop-event.js';

@Injectable()
export class MemoryActivity extends Activity implements BeforeApplicationShutdown {
  override readonly events = new Subject<ShopEvent>();

  override async report(event: ShopEvent): Promise<void> {
    this.events.next(event);
  }

  beforeApplicationShutdown(): void {
    this.events.complete();
  }
}
