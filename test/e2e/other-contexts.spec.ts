import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Param,
  ParseIntPipe,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { CurrentLock, RedisLockService, WithLock, WithLockInterceptor, type Lock } from 'nestjs-redis-lock';
import { from, lastValueFrom, retry, timeout, type Observable } from 'rxjs';
import PQueue from 'p-queue';
import { Checkpoint } from '../support/checkpoint.js';
import { deferred } from '../support/deferred.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, startHttpApp, type HttpApp } from '../support/http-app.js';

/** Before it, jobs wait for their turn. */
class Gate {
  opened = Promise.resolve();

  close(): () => void {
    const { promise, resolve } = deferred();
    this.opened = promise;
    return resolve;
  }
}

const stage = { work: new Checkpoint(), failures: 0, seen: [] as unknown[], gate: new Gate() };

/** Runs a job some time, in whatever async context. */
type Schedule = <T>(job: () => Promise<T>) => Promise<T>;

const queue = new PQueue({ concurrency: 1 });

/** As people write them: who leaves runs the next. */
class Semaphore {
  readonly #waiting: (() => void)[] = [];
  #isTaken = false;

  run<T>(job: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        this.#isTaken = true;
        job()
          .then(resolve, reject)
          .finally(() => {
            this.#isTaken = false;
            this.#waiting.shift()?.();
          });
      };
      if (this.#isTaken) this.#waiting.push(begin);
      else begin();
    });
  }
}

/** Looks for work by itself, as a worker does that was started with the app. */
class Worker {
  readonly #jobs: (() => void)[] = [];
  readonly #timer = setInterval(() => this.#jobs.shift()?.(), 1);

  run<T>(job: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => void this.#jobs.push(() => void job().then(resolve, reject)));
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

const semaphore = new Semaphore();
const worker = new Worker();

const SCHEDULES: Readonly<Record<string, Schedule>> = {
  'p-queue': (job) => queue.add(job),
  'a semaphore': (job) => semaphore.run(job),
  'a worker': (job) => worker.run(job),
};

function calledBy(schedule: Schedule): NestInterceptor {
  const call = async (next: CallHandler): Promise<unknown> => {
    await stage.gate.opened;
    return lastValueFrom(next.handle() as Observable<unknown>);
  };
  return { intercept: (_: ExecutionContext, next: CallHandler) => from(schedule(() => call(next))) };
}

function controllerOf(path: string, schedule: Schedule): new (locks: RedisLockService) => object {
  const elsewhere = calledBy(schedule);

  @Controller(path)
  class OrderController {
    constructor(private readonly locks: RedisLockService) {}

    @Get('raw/:id')
    @UseInterceptors(elsewhere)
    @WithLock('{params.id}', { wait: 0 })
    async raw(@Param('id') id: string, @CurrentLock() lock: Lock): Promise<object> {
      return this.answer(id, lock);
    }

    @Get('piped/:id')
    @UseInterceptors(elsewhere)
    @WithLock('{0}', { wait: 0 })
    async piped(@Param('id', ParseIntPipe) id: number, @CurrentLock() lock: Lock): Promise<object> {
      return this.answer(String(id), lock);
    }

    @Get('two/:id')
    @UseInterceptors(elsewhere)
    @WithLock('upper:{params.id}', { wait: 0 })
    @WithLock('{params.id}', { wait: 0 })
    async two(@Param('id') id: string, @CurrentLock() lock: Lock): Promise<object> {
      this.locks.assertLocked(`upper:${id}`);
      return this.answer(id, lock);
    }

    @Get('named/:id')
    @UseInterceptors(WithLockInterceptor)
    @UseInterceptors(elsewhere)
    @WithLock('{params.id}', { wait: 0 })
    async named(@Param('id') id: string, @CurrentLock() lock: Lock): Promise<object> {
      return this.answer(id, lock);
    }

    @Get('retried/:id')
    @UseInterceptors(elsewhere)
    @UseInterceptors({ intercept: (_: unknown, next: CallHandler) => next.handle().pipe(retry(2)) })
    @WithLock('{params.id}', { wait: 0 })
    async retried(@Param('id') id: string, @CurrentLock() lock: Lock): Promise<object> {
      stage.failures -= 1;
      if (stage.failures >= 0) throw new Error('not yet');
      return this.answer(id, lock);
    }

    @Get('late/:id')
    @UseInterceptors(elsewhere)
    @WithLock('late')
    @UseInterceptors({ intercept: (_: unknown, next: CallHandler) => next.handle().pipe(timeout(50)) })
    async late(@Param('id') id: string): Promise<string> {
      stage.seen.push(id);
      return id;
    }

    private async answer(id: string, lock: Lock): Promise<object> {
      await stage.work.pass();
      this.locks.assertLocked(id);
      return { id, key: lock.key, isHeld: lock.isHeld, isSame: this.locks.current(id) === lock };
    }
  }
  return OrderController;
}

const PATHS = Object.keys(SCHEDULES).map((by) => ({ by, path: by.replaceAll(' ', '-') }));

describe.each(PLATFORMS)('a handler that is called from another async context, on $platform', ({ adapter }) => {
  let http: HttpApp;

  beforeAll(async () => {
    http = await startHttpApp(adapter, {
      controllers: PATHS.map(({ by, path }) => controllerOf(path, SCHEDULES[by] as Schedule)),
    });
  });

  afterEach(async () => {
    await eventually(async () => (await http.takenKeys()).length === 0);
    Object.assign(stage, { work: new Checkpoint(), failures: 0, seen: [] });
  });

  afterAll(() => http.close());

  const get = (path: string): Promise<Response> => fetch(`${http.url}/${path}`);

  describe.each(PATHS)('by $by', ({ by, path }) => {
    it.each(['raw', 'piped', 'two', 'named', 'retried'])(
      'N3d N5: has its own lock, and takes it once (%s)',
      async (route) => {
        stage.failures = 2;
        const ids = ['1', '2', '3', '4'];
        const answers = ids.map(async (id) => (await get(`${path}/${route}/${id}`)).json());
        await stage.work.arrived();
        // A lock of raw parts is there before the queue.
        if (route !== 'piped')
          await eventually(
            async () => (await http.takenKeys()).filter((key) => ids.includes(key)).length === ids.length,
          );
        stage.work.open();
        expect(await Promise.all(answers)).toEqual(ids.map((id) => ({ id, key: id, isHeld: true, isSame: true })));
      },
    );

    it('N5: does not begin when its request was answered meanwhile', async () => {
      const later = stage.gate.close();
      expect((await get(`${path}/late/1`)).status).toBe(500);
      later();
      await (SCHEDULES[by] as Schedule)(async () => undefined);
      expect(stage.seen).toEqual([]);
    });
  });
});

afterAll(() => worker.stop());
