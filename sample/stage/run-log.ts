import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Activity } from '../activity/activity.js';
import type { ShopEvent } from '../activity/shop-event.js';

/** Remembers the last sale of each kind, so that a page that is opened or reloaded shows what the others show. */
@Injectable()
export class RunLog implements OnModuleInit {
  private readonly runs = new Map<boolean, ShopEvent[]>();
  private current: ShopEvent[] | undefined;

  constructor(private readonly activity: Activity) {}

  onModuleInit(): void {
    this.activity.events.subscribe((event) => this.note(event));
  }

  /** What happened, the sale that may still be on last. */
  replay(): readonly ShopEvent[] {
    return [...this.runs.values()].flat();
  }

  private note(event: ShopEvent): void {
    if (event.type === 'opened') {
      this.current = [];
      this.runs.delete(event.withLock);
      this.runs.set(event.withLock, this.current);
    }
    this.current?.push(event);
    if (event.type === 'closed') this.current = undefined;
  }
}
