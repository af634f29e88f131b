import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  BadRequestException,
  Body,
  Controller,
  Get,
  Param,
  ParseIntPipe,
  Post,
  SetMetadata,
  UseGuards,
  type ExecutionContext,
} from '@nestjs/common';
import { CurrentLock, RedisLockService, WithLock, type Lock } from 'nestjs-redis-lock';
import { Checkpoint } from '../support/checkpoint.js';
import { deferred } from '../support/deferred.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, startHttpApp, type HttpApp } from '../support/http-app.js';

const stage = { work: new Checkpoint(), again: deferred(), later: [] as Promise<string | undefined>[] };
const seen: unknown[] = [];

const positive = {
  transform(value: { amount?: number }): object {
    if (!(Number(value.amount) > 0)) throw new BadRequestException('amount must be positive');
    return value;
  },
};

const roleGuard = {
  canActivate(context: ExecutionContext): boolean {
    const role: unknown = Reflect.getMetadata('role', context.getHandler());
    return context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers.role === role;
  },
};

@Controller()
class OrderController {
  constructor(private readonly locks: RedisLockService) {}

  @Get('work/:id')
  @WithLock('work:{params.id}')
  async work(@Param('id') id: string): Promise<object> {
    await stage.work.pass();
    return { id };
  }

  @Get('lock/:id')
  @WithLock('lock:{params.id}', { metadata: 'shown' })
  async lock(@CurrentLock() lock: Lock, @Param('id', ParseIntPipe) id: number): Promise<object> {
    this.locks.assertLocked(`lock:${id}`);
    const owner = await this.locks.inspect(lock.key);
    return { id, key: lock.key, isHeld: lock.isHeld, isSame: this.locks.current() === lock, metadata: owner?.metadata };
  }

  @Post('orders/:id')
  @WithLock('order:{params.id}:{body.amount}')
  async order(@Body(positive) body: object): Promise<object> {
    seen.push(this.locks.current()?.key);
    return body;
  }

  @Get('two/:id')
  @WithLock('upper:{params.id}')
  @WithLock('lower:{params.id}')
  async two(@CurrentLock() lock: Lock): Promise<object> {
    return { innermost: lock.key };
  }

  @Get('guarded/:id')
  @SetMetadata('role', 'admin')
  @UseGuards(roleGuard)
  @WithLock('guarded:{params.id}')
  async guarded(): Promise<void> {}

  @Get('several/:id')
  @WithLock(({ params }) => [`b:${params.id}`, `a:${params.id}`])
  async several(@CurrentLock() lock: Lock): Promise<object> {
    return lock.keys;
  }

  @Get('again')
  @WithLock('again')
  async again(): Promise<string | undefined> {
    if (stage.later.length === 0) stage.later.push(stage.again.promise.then(() => this.again()));
    return Promise.resolve(this.locks.current()?.key);
  }

  @Get('bare')
  async bare(@CurrentLock() _lock: Lock): Promise<void> {}
}

describe.each(PLATFORMS)('a handler under @WithLock() on $platform', ({ adapter }) => {
  let http: HttpApp;

  beforeAll(async () => {
    http = await startHttpApp(adapter, { controllers: [OrderController] });
  });

  afterAll(() => http.close());

  const get = (path: string, init?: RequestInit): Promise<Response> => fetch(`${http.url}/${path}`, init);

  it('N3: runs one call at a time per key, and calls with other keys beside it', async () => {
    stage.work = new Checkpoint();
    const same = [get('work/1'), get('work/1'), get('work/1')];
    await eventually(async () => (await http.locks.inspect('work:1'))?.waiting === 2);
    const other = get('work/2');
    await stage.work.arrived(2);
    expect(stage.work.mostInside).toBe(2);
    stage.work.open();
    expect(await Promise.all([...same, other].map(async (response) => (await response).json()))).toEqual([
      { id: '1' },
      { id: '1' },
      { id: '1' },
      { id: '2' },
    ]);
    expect(stage.work.mostInside).toBe(2);
    expect(await http.takenKeys()).toEqual([]);
  });

  it('N5: is released before the response arrives', async () => {
    for (let round = 0; round < 20; round += 1) {
      expect((await get('lock/7')).status).toBe(200);
      expect(await http.takenKeys()).toEqual([]);
    }
  });

  it('C2a: gets its lock from @CurrentLock(), which is that of current() and assertLocked()', async () => {
    const response = await get('lock/7');
    expect(await response.json()).toEqual({ id: 7, key: 'lock:7', isHeld: true, isSame: true, metadata: 'shown' });
  });

  it('N6: keeps the pipes of its parameters, and gives the lock back when one fails', async () => {
    expect((await get('lock/seven')).status).toBe(400);
    expect((await post('orders/1', { amount: -1 })).status).toBe(400);
    expect(await http.takenKeys()).toEqual([]);
    expect(await (await post('orders/1', { amount: 2 })).json()).toEqual({ amount: 2 });
  });

  it('N6: makes its key from the request as it was sent', async () => {
    seen.length = 0;
    await post('orders/1', { amount: '2' });
    expect(seen).toEqual(['order:1:2']);
  });

  it('N4: keeps the metadata of its guards, and takes no lock for a call that they refuse', async () => {
    const giveBack = await http.takeAsStranger('guarded:1');
    expect((await get('guarded/1')).status).toBe(403);
    await giveBack();
    expect((await get('guarded/1', { headers: { role: 'admin' } })).status).toBe(200);
  });

  it('N3d: takes two locks in the order read, and gives back the upper when the lower stays busy', async () => {
    expect(await (await get('two/1')).json()).toEqual({ innermost: 'lower:1' });
    const freeLower = await http.takeAsStranger('lower:1');
    const response = get('two/1');
    await eventually(async () => (await http.takenKeys()).includes('upper:1'));
    await freeLower();
    expect((await response).status).toBe(200);
    const freeUpper = await http.takeAsStranger('upper:1');
    const second = get('two/1');
    await eventually(async () => (await http.locks.inspect('upper:1'))?.waiting === 1);
    expect(await http.takenKeys()).toEqual(['upper:1']);
    await freeUpper();
    expect((await second).status).toBe(200);
    expect(await http.takenKeys()).toEqual([]);
  });

  it('N3: takes another lock when the handler calls itself after it has answered', async () => {
    Object.assign(stage, { again: deferred(), later: [] });
    expect(await (await get('again')).text()).toBe('again');
    stage.again.resolve();
    expect(await Promise.all(stage.later)).toEqual(['again']);
    expect(await http.takenKeys()).toEqual([]);
  });

  it('C10: takes all keys of a key function', async () => {
    expect(await (await get('several/1')).json()).toEqual(['a:1', 'b:1']);
    expect(await http.takenKeys()).toEqual([]);
  });

  it('D1: names the handler when @CurrentLock() stands on one without @WithLock()', async () => {
    expect((await get('bare')).status).toBe(500);
    expect(http.log.at('error').join('\n')).toMatch(/@CurrentLock\(\).*OrderController\.bare.*@WithLock\(\)/s);
  });

  function post(path: string, body: object): Promise<Response> {
    return get(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  }
});
