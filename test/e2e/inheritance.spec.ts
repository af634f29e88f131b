import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Param, Scope } from '@nestjs/common';
import { CurrentLock, LockReentryError, RedisLockService, WithLock, type Lock } from 'nestjs-redis-lock';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, startHttpApp, type HttpApp } from '../support/http-app.js';

const stage = { work: new Checkpoint() };

@Injectable()
abstract class Base {
  constructor(protected readonly locks: RedisLockService) {}

  @WithLock('base:{0}')
  async run(_id: string): Promise<string[]> {
    return this.held();
  }

  /** The keys of this class that are held. */
  protected held(): string[] {
    return ['base:1', 'first:1', 'second:1', 'extra'].filter((key) => this.locks.current(key)?.isHeld);
  }
}

@Injectable()
class First extends Base {
  @WithLock('first:{0}')
  override async run(id: string): Promise<string[]> {
    return super.run(id);
  }

  @WithLock('extra')
  async extra(): Promise<string[]> {
    return this.held();
  }
}

@Injectable()
class Second extends Base {
  @WithLock('second:{0}')
  async own(_id: string): Promise<string[]> {
    return this.held();
  }
}

@Injectable()
class SameKey extends Base {
  @WithLock('base:{0}')
  override async run(id: string): Promise<string[]> {
    return super.run(id);
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class Transient {
  @WithLock('scoped')
  async run(): Promise<void> {
    await stage.work.pass();
  }
}

abstract class CrudController {
  @Get(':id')
  @WithLock(({ params, target }) => `${target}:${params.id}`)
  async read(@Param('id') _id: string, @CurrentLock() lock: Lock): Promise<object> {
    return { by: this.constructor.name, key: lock.key };
  }
}

@Controller('cats')
class CatController extends CrudController {}

@Controller({ path: 'dogs', scope: Scope.REQUEST })
class DogController extends CrudController {
  @Get()
  @WithLock('dogs')
  async list(): Promise<string> {
    await stage.work.pass();
    return 'done';
  }
}

describe.each(PLATFORMS)('@WithLock() on $platform', ({ adapter }) => {
  let http: HttpApp;

  beforeAll(async () => {
    http = await startHttpApp(adapter, {
      controllers: [CatController, DogController],
      providers: [First, Second, SameKey, Transient],
    });
  });

  afterAll(() => http.close());

  it('N10: of an inherited method, of one that was added, and of one that was overridden', async () => {
    const [first, second] = [http.app.get(First), http.app.get(Second)];
    expect(await second.run('1')).toEqual(['base:1']);
    expect(await second.own('1')).toEqual(['second:1']);
    expect(await first.extra()).toEqual(['extra']);
    expect(await first.run('1')).toEqual(['base:1', 'first:1']);
  });

  it('N10 C9: of an overridden method that locks what its super call locks fails at once', async () => {
    await expect(http.app.get(SameKey).run('1')).rejects.toThrow(LockReentryError);
    expect(await http.takenKeys()).toEqual([]);
  });

  it('N10: of a handler that two controllers inherit', async () => {
    for (const [path, by] of [
      ['cats', 'CatController'],
      ['dogs', 'DogController'],
    ] as const) {
      const response = await fetch(`${http.url}/${path}/1`);
      expect(await response.json()).toEqual({ by, key: 'CrudController.read:1' });
    }
  });

  it.each([
    { scope: 'request-scoped controllers', key: 'dogs', call: () => fetch(`${http.url}/dogs`) },
    { scope: 'transient providers', key: 'scoped', call: async () => (await http.app.resolve(Transient)).run() },
  ])('N10: of two instances of $scope excludes one another', async ({ key, call }) => {
    stage.work = new Checkpoint();
    const calls = [call(), call()];
    await eventually(async () => (await http.locks.inspect(key))?.waiting === 1);
    expect(stage.work.arrivals).toBe(1);
    stage.work.open();
    await Promise.all(calls);
    expect(stage.work.mostInside).toBe(1);
  });
});
