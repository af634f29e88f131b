import type { Observable } from 'rxjs';
import type { ShopEvent } from './shop-event.js';

/** The news of all processes, in one order. */
export abstract class Activity {
  abstract readonly events: Observable<ShopEvent>;

  /** Resolves when the news is out, so that what is reported next comes later for everybody. */
  abstract report(event: ShopEvent): Promise<void>;
}
