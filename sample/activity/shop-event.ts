import type { Ledger } from '../books/item.interface.js';

export type Outcome = 'sold' | 'sold out' | 'busy' | 'failed';

/** What the processes tell each other, and the page, while it happens. */
export type ShopEvent =
  | { readonly type: 'opened'; readonly withLock: boolean }
  | { readonly type: 'delivery'; readonly shop: string; readonly isUnloaded: boolean; readonly ledger: Ledger }
  | { readonly type: 'arrived'; readonly shop: string; readonly buyer: number }
  | { readonly type: 'charging'; readonly shop: string; readonly buyer: number }
  | { readonly type: 'paid'; readonly shop: string; readonly buyer: number }
  | { readonly type: 'queue'; readonly shop: string; readonly waiting: number; readonly holder: string | undefined }
  | {
      readonly type: 'left';
      readonly shop: string;
      readonly buyer: number;
      readonly outcome: Outcome;
      readonly ledger: Ledger;
    }
  | { readonly type: 'closed'; readonly ledger: Ledger };
