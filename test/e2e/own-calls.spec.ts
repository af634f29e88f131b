import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, ParseIntPipe, UseInterceptors, type CallHandler } from '@nestjs/common';
import { RedisLockService, WithLock } from 'nestjs-redis-lock';
import { mergeMap, of, repeat, toArray } from 'rxjs';
import { PLATFORMS, startHttpApp, type HttpApp } from '../support/http-app.js';

const idle = { intercept: (_: unknown, next: CallHandler) => next.handle() };
const twice = { intercept: (_: unknown, next: CallHandler) => next.handle().pipe(repeat(2), toArray()) };

@Controller()
class OrderController {
  constructor(private readonly locks: RedisLockService) {}

  @Get('last/:id')
  @WithLock('order:{0}')
  async last(@Param('id', ParseIntPipe) id: number): Promise<unknown> {
    return this.withNext(id, (next) => this.last(next));
  }

  @Get('beneath/:id')
  @UseInterceptors(idle)
  @WithLock('order:{0}')
  async beneath(@Param('id', ParseIntPipe) id: number): Promise<unknown> {
    return this.withNext(id, (next) => this.beneath(next));
  }

  @Get('function/:id')
  @WithLock(({ transport, params, args }) => (transport === 'http' ? `order:${params.id}` : `order:${args[0]}`))
  async function(@Param('id', ParseIntPipe) id: number): Promise<unknown> {
    return this.withNext(id, (next) => this.function(next));
  }

  @Get('return/:id')
  @UseInterceptors(twice)
  @WithLock('order:{params.id}', { until: 'return' })
  async untilReturn(@Param('id', ParseIntPipe) id: number): Promise<unknown> {
    this.locks.assertLocked(`order:${id}`);
    return this.locks.current()?.fencingToken;
  }

  /** Which orders are locked while the values of the first come, and in its call of itself for the second. */
  private withNext(id: number, again: (next: number) => Promise<unknown>): unknown {
    const held = (): readonly boolean[] => [1, 2].map((order) => this.locks.current(`order:${order}`)?.isHeld === true);
    if (id === 2) return held();
    return of(id).pipe(mergeMap(async () => ({ within: await again(2), after: held() })));
  }
}

describe.each(PLATFORMS)('a handler that calls itself, on $platform', ({ adapter }) => {
  let http: HttpApp;

  beforeAll(async () => {
    http = await startHttpApp(adapter, { controllers: [OrderController] });
  });

  afterEach(async () => expect(await http.takenKeys()).toEqual([]));

  afterAll(() => http.close());

  const get = async (path: string): Promise<unknown> => (await fetch(`${http.url}/${path}`)).json();

  it.each(['last', 'beneath', 'function'])(
    'N3d: takes another lock for another key while the values of its Observable come (%s)',
    async (path) => {
      expect(await get(`${path}/1`)).toEqual({ within: [true, true], after: [true, false] });
    },
  );

  it('N5: takes its lock anew when it is called again after it was given back', async () => {
    const tokens = (await get('return/1')) as number[];
    expect(tokens).toHaveLength(2);
    expect(tokens[1]).toBeGreaterThan(tokens[0] ?? Infinity);
  });
});
