/** One sale as the page knows it: nothing but what the processes reported. */
export function newAct() {
  return {
    phase: 'idle',
    ledger: undefined,
    buyers: new Map(),
    deliveries: new Map(),
    waiting: new Map(),
    holder: undefined,
    sold: 0,
    peak: 0,
  };
}

/** The act after one more event. */
export function advance(act, event) {
  return HANDLERS[event.type]?.(act, event) ?? act;
}

export const payingNow = (act) => [...act.buyers.values()].filter((buyer) => buyer.state === 'paying');

/** By the books; `undefined` before the first delivery. */
export const oversold = ({ ledger }) => ledger && Math.max(0, ledger.sold - ledger.delivered);

const HANDLERS = {
  opened: () => ({ ...newAct(), phase: 'open' }),

  delivery(act, { shop, isUnloaded, ledger }) {
    act.deliveries.set(shop, isUnloaded);
    return isUnloaded ? { ...act, ledger } : act;
  },

  arrived: (act, { shop, buyer }) => move(act, buyer, { shop, state: 'waiting' }),

  charging(act, { shop, buyer }) {
    move(act, buyer, { shop, state: 'paying' });
    return { ...act, peak: Math.max(act.peak, payingNow(act).length) };
  },

  paid: (act, { shop, buyer }) => move(act, buyer, { shop, state: 'paid' }),

  queue(act, { shop, waiting, holder }) {
    act.waiting.set(shop, waiting);
    return { ...act, holder };
  },

  left(act, { shop, buyer, outcome, ledger }) {
    if (outcome !== 'sold')
      return { ...move(act, buyer, { shop, state: outcome === 'sold out' ? 'left' : 'failed' }), ledger };
    const sold = act.sold + 1;
    move(act, buyer, { shop, state: sold > ledger.delivered ? 'oversold' : 'sold' });
    return { ...act, sold, ledger };
  },

  closed: (act, { ledger }) => ({ ...act, phase: 'closed', ledger, holder: undefined, waiting: new Map() }),
};

function move(act, buyer, place) {
  act.buyers.set(buyer, place);
  return act;
}
