import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Post } from '@nestjs/common';
import { CurrentLock, lockKey, RedisLockService, WithLock, type Lock } from 'nestjs-redis-lock';
import { PLATFORMS, startHttpApp, type HttpApp } from '../support/http-app.js';
import { startContext } from '../support/nest-context.js';

@Controller()
class StockController {
  @Post('move/:from/:to')
  @WithLock(['stock:{params.from}', 'stock:{params.to}'], { wait: 0 })
  async move(@CurrentLock() { keys }: Lock): Promise<readonly string[]> {
    return Promise.resolve(keys);
  }
}

class Stock {
  @WithLock(['stock:{0.from}', 'stock:{0.to}'], { wait: 0 })
  async move(_move: { from: string; to: string }, body: () => unknown): Promise<unknown> {
    return body();
  }
}

describe.each(PLATFORMS)('an array of templates, on $platform', ({ adapter }) => {
  let http: HttpApp;

  afterEach(() => http.close());

  it('D2a: locks all of its keys, or none', async () => {
    http = await startHttpApp(adapter, { controllers: [StockController] });
    const move = async (path: string): Promise<unknown> =>
      (await fetch(`${http.url}/move/${path}`, { method: 'POST' })).json();
    expect(await move('b/a')).toEqual(['stock:a', 'stock:b']);
    expect(await move('a%3Ab/a%3Ab')).toEqual(['stock:a%3Ab']);
    const giveBack = await http.takeAsStranger('stock:b');
    expect(await move('b/a')).toMatchObject({ code: 'LOCK_NOT_ACQUIRED' });
    expect(await http.takenKeys()).toEqual(['stock:b']);
    await giveBack();
  });
});

describe('lockKey', () => {
  it('D3: in the service meets the template of a method', async () => {
    const { app, locks } = await startContext({ providers: [Stock] });
    const inside = app.get(Stock).move({ from: 'a:b', to: 'c/d' }, () => {
      app.get(RedisLockService).assertLocked(lockKey`stock:${'a:b'}`);
      return locks.current(lockKey`stock:${'c/d'}`)?.isHeld;
    });
    expect(await inside).toBe(true);
    await app.close();
  });
});
