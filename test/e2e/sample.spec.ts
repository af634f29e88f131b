import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ShopEvent } from '../../sample/activity/shop-event.js';
import type { Ledger } from '../../sample/books/item.interface.js';
import { eventually } from '../support/eventually.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { openShops, type SampleShops } from '../support/sample-shops.js';
import { openEvents, type EventStream } from '../support/server-sent-events.js';

const PIECES = 10;
const BUYERS = 50;

interface Scene {
  readonly type: 'scene';
  readonly shops: readonly string[];
  readonly inMemory: boolean;
}

type PageEvents = EventStream<ShopEvent | Scene>;

describe.each([
  { scene: 'two processes on one Redis', count: 2, needsRedis: true },
  { scene: 'one process without Redis', count: 1, needsRedis: false },
])('the shop as $scene', ({ count, needsRedis }) => {
  let redis: RedisServer | undefined;
  let shops: SampleShops;
  let url: string;
  let otherUrl: string;
  let page: PageEvents;

  beforeAll(async () => {
    redis = needsRedis ? await startRedis() : undefined;
    shops = await openShops(redis?.url, count);
    [url = '', otherUrl = url] = shops.urls;
    page = await openEvents(`${otherUrl}/events`);
  });

  afterAll(async () => {
    page.close();
    await shops.close();
    await redis?.stop('SIGKILL');
  });

  describe('in a sale without the lock', () => {
    let events: readonly ShopEvent[];

    beforeAll(async () => {
      events = await sell('sales');
    });

    it('oversells', async () => {
      const { delivered, sold, stock } = await ledger(otherUrl);
      expect(delivered).toBe(PIECES);
      expect(sold).toBeGreaterThan(PIECES);
      expect(stock).toBeGreaterThan(delivered - sold);
    });

    it('lets buyers pay at the same time', () => {
      expect(mostAtOnce(events)).toBeGreaterThan(1);
    });

    it('unloads its delivery once, whoever is told of it', () => {
      const deliveries = only(events, 'delivery');
      expect(deliveries).toHaveLength(count);
      expect(deliveries.filter(({ isUnloaded }) => isUnloaded)).toHaveLength(1);
    });
  });

  describe('in a sale with the lock', () => {
    let events: readonly ShopEvent[];

    beforeAll(async () => {
      events = await sell('sales/locked');
    });

    it('sells exactly what it has, under fencing tokens that grow', async () => {
      const { lastOrders, ...numbers } = await ledger(otherUrl);
      expect(numbers).toEqual({ delivered: PIECES, sold: PIECES, stock: 0 });
      const tokens = lastOrders.map(({ fencingToken }) => Number(fencingToken));
      for (const [index, token] of tokens.slice(1).entries()) expect(token).toBeLessThan(tokens[index] ?? 0);
    });

    it('lets one buyer pay at a time, and tells the others that it is sold out', () => {
      expect(mostAtOnce(events)).toBe(1);
      const outcomes = only(events, 'left').map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome === 'sold')).toHaveLength(PIECES);
      expect(outcomes.filter((outcome) => outcome === 'sold out')).toHaveLength(BUYERS - PIECES);
    });

    it('tells who holds the lock and how many wait, in each process', () => {
      const queues = only(events, 'queue');
      expect(names()).toContain(queues.find(({ holder }) => holder !== undefined)?.holder);
      for (const name of names()) {
        const waiting = queues.filter(({ shop }) => shop === name).map((queue) => queue.waiting);
        expect(Math.max(...waiting)).toBeGreaterThan(PIECES);
      }
    });

    it('shows a page that is opened later what the others saw', async () => {
      const late: PageEvents = await openEvents(`${url}/events`);
      await eventually(() => salesOf(late).length === salesOf(page).length);
      late.close();
      expect(late.events[0]).toEqual({
        type: 'scene',
        itemId: '1',
        pieces: PIECES,
        buyers: BUYERS,
        shops: names(),
        inMemory: !needsRedis,
      });
      expect(salesOf(late)).toEqual(salesOf(page));
    });
  });

  it('runs one sale at a time, whichever process is asked', async () => {
    const answers = await Promise.all([post(`${url}/sales`), post(`${otherUrl}/sales`)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
  });

  it('keeps key and owner token of the lock to itself', async () => {
    await post(`${url}/items/1/deliveries`, { id: 'one more', amount: 1 });
    const answers = [
      await post(`${url}/items/1/orders/locked`, { buyer: 1 }),
      await post(`${url}/items/1/orders/locked`, { buyer: 2 }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 410]);
    for (const answer of answers) {
      expect(JSON.stringify([...answer.headers]) + (await answer.text())).not.toMatch(
        new RegExp(`item:1|lock:|:${process.pid}:`),
      );
    }
  });

  /** One whole sale, ordered at one process and seen on a page of the other. */
  async function sell(path: string): Promise<readonly ShopEvent[]> {
    const before = salesOf(page).length;
    expect((await post(`${url}/${path}`)).status).toBe(204);
    await eventually(() => salesOf(page).length > before);
    return salesOf(page).at(-1) ?? [];
  }

  function names(): string[] {
    return shops.urls.map((_, index) => `shop-${index + 1}`);
  }
});

function post(url: string, body: object = {}): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
}

async function ledger(url: string): Promise<Ledger> {
  return (await (await fetch(`${url}/items/1`)).json()) as Ledger;
}

/** The events of each sale that was over. */
function salesOf({ events }: PageEvents): (readonly ShopEvent[])[] {
  const news = events.filter((event): event is ShopEvent => event.type !== 'scene');
  const ends = [...news.keys()].filter((index) => news[index]?.type === 'closed');
  return ends.map((end) =>
    news.slice(
      news.findLastIndex(({ type }, index) => index < end && type === 'opened'),
      end + 1,
    ),
  );
}

function only<Type extends ShopEvent['type']>(
  events: readonly ShopEvent[],
  type: Type,
): Extract<ShopEvent, { type: Type }>[] {
  return events.filter((event): event is Extract<ShopEvent, { type: Type }> => event.type === type);
}

/** The most buyers that were paying at the same time. */
function mostAtOnce(events: readonly ShopEvent[]): number {
  let paying = 0;
  return Math.max(...events.map(({ type }) => (paying += type === 'charging' ? 1 : type === 'paid' ? -1 : 0)));
}
