import {
  HttpException,
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { Activity } from '../activity/activity.js';
import type { Outcome } from '../activity/shop-event.js';
import { StockStore } from '../books/stock-store.js';
import { ShopSetting } from '../shop-setting.js';
import { ShopController } from '../shop/shop.controller.js';
import { QueueMonitor } from './queue-monitor.js';

const OUTCOMES: Partial<Record<number, Outcome>> = { 409: 'busy', 410: 'sold out' };

interface OrderRequest {
  readonly method: string;
  readonly params: { readonly id: string };
  readonly body: { readonly buyer: number };
}

/** Stands at the door of the shop: reports each buyer who enters, before the lock, and each who leaves, after it. */
@Injectable()
export class BuyerWatch implements NestInterceptor {
  constructor(
    private readonly activity: Activity,
    private readonly stock: StockStore,
    private readonly queue: QueueMonitor,
    private readonly setting: ShopSetting,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<OrderRequest>();
    const isOrder = context.getClass() === ShopController && request.method === 'POST';
    return isOrder ? from(this.watch(request, next)) : next.handle();
  }

  private async watch({ params, body }: OrderRequest, next: CallHandler): Promise<unknown> {
    const visit = { shop: this.setting.name, buyer: body.buyer };
    let outcome: Outcome = 'sold';
    await this.activity.report({ type: 'arrived', ...visit });
    this.queue.enter();
    try {
      return await lastValueFrom(next.handle(), { defaultValue: undefined });
    } catch (error) {
      outcome = outcomeOf(error);
      throw error;
    } finally {
      await this.queue.leave();
      await this.activity.report({ type: 'left', ...visit, outcome, ledger: await this.stock.ledger(params.id) });
    }
  }
}

function outcomeOf(error: unknown): Outcome {
  const status = error instanceof HttpException ? error.getStatus() : 500;
  return OUTCOMES[status] ?? 'failed';
}
