import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { transform } from '@swc/core';
import { RedisLockService, WithLock } from 'nestjs-redis-lock';
import { applyDecorators } from '../support/apply-decorators.js';
import { eventually } from '../support/eventually.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { rejection } from '../support/watch.js';

interface Rows {
  read(count: number): AsyncGenerator<unknown, string>;
}

/** What a decorator does that wraps a method, whatever it returns. */
const wrapping: MethodDecorator = (_target, _key, descriptor) => {
  const original = descriptor.value as (...args: unknown[]) => unknown;
  return {
    ...descriptor,
    value: function (this: unknown, ...args: unknown[]) {
      return original.apply(this, args);
    } as never,
  };
};

const SOURCE = `(class Rows {
  async *read(count) {
    for (let row = 0; row < count; row += 1) yield this.held();
    return 'the end';
  }
})`;

/** The class as a compiler makes it for engines that have no async generators. */
async function compiledFor(target: 'es5' | 'es2017'): Promise<new () => Rows> {
  const { code } = await transform(SOURCE, {
    isModule: false,
    jsc: { target, externalHelpers: false, parser: { syntax: 'ecmascript' } },
  });
  return (0, eval)(code) as new () => Rows;
}

/** Iterated by hand, and with nothing more than the protocol asks for. */
function bare(values: () => unknown): AsyncIterable<unknown> {
  let left = 2;
  return { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: (left -= 1) < 0, value: values() }) }) };
}

describe('a method that is iterated, under @WithLock()', () => {
  let nest: NestContext;
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);

  const start = async (
    type: new () => object,
    decorators: readonly MethodDecorator[] = [],
    method = 'read',
  ): Promise<any> => {
    class Held extends type {
      constructor(private readonly locks: RedisLockService) {
        super();
      }

      held(): unknown {
        return this.locks.current()?.isHeld;
      }
    }
    Object.defineProperty(
      Held.prototype,
      method,
      Object.getOwnPropertyDescriptor(type.prototype, method) as PropertyDescriptor,
    );
    applyDecorators(Held.prototype, method, [WithLock('rows', { wait: 0 }) as MethodDecorator, ...decorators]);
    Reflect.defineMetadata('design:paramtypes', [RedisLockService], Held);
    Injectable()(Held);
    nest = await startContext({ providers: [Held] });
    return nest.app.get(Held);
  };

  beforeAll(() => void process.on('unhandledRejection', note));

  afterEach(async () => {
    await eventually(async () => (await nest.locks.inspect('rows')) === null);
    await nest.app.close();
    expect(unhandled).toEqual([]);
  });

  afterAll(() => void process.off('unhandledRejection', note));

  const all = async (rows: AsyncIterable<unknown>): Promise<unknown[]> => {
    const values: unknown[] = [];
    for await (const row of rows) values.push(row);
    return values;
  };

  const CLASSES: Readonly<Record<string, () => Promise<any>>> = {
    'as it is': async () => start((0, eval)(SOURCE) as new () => Rows),
    'for ES2017': async () => start(await compiledFor('es2017')),
    'for ES5': async () => start(await compiledFor('es5')),
    'beneath a decorator that wraps it': async () => start((0, eval)(SOURCE) as new () => Rows, [wrapping]),
  };

  describe.each(Object.entries(CLASSES))('compiled %s', (_, make) => {
    it('N5c: is locked from its first value to its last', async () => {
      const rows = await make();
      const iteration = rows.read(2) as AsyncGenerator;
      expect(await iteration.next()).toEqual({ done: false, value: true });
      expect(await nest.locks.inspect('rows')).not.toBeNull();
      expect(await iteration.next()).toEqual({ done: false, value: true });
      expect(await iteration.next()).toEqual({ done: true, value: 'the end' });
      expect(await nest.locks.inspect('rows')).toBeNull();
      expect(await all(rows.read(3))).toEqual([true, true, true]);
    });

    it('N5c: gives the lock back when the iteration is given up', async () => {
      const rows = await make();
      for await (const row of rows.read(9)) {
        if (row === true) break;
      }
      expect(await nest.locks.inspect('rows')).toBeNull();
    });

    it('D4: throws at the first value when the lock is busy, and nowhere else', async () => {
      const rows = await make();
      const busy = await nest.locks.acquire('rows');
      expect(await rejection(all(rows.read(1)))).toMatchObject({ code: 'LOCK_NOT_ACQUIRED' });
      await busy.release();
    });
  });

  it.each(['es5', 'es2017'] as const)('N5c: is locked when somebody has waited for it first (%s)', async (target) => {
    const rows = await start(await compiledFor(target));
    const call = rows.read(2);
    const awaited = (await call) as AsyncIterable<unknown>;
    expect(await nest.locks.inspect('rows')).toBeNull();
    expect(await all(awaited)).toEqual([true, true]);
    const later = rows.read(2);
    await later;
    expect(await all(later)).toEqual([true, true]);
  });

  it('N5c: is locked while anything is iterated that it returns', async () => {
    class Plain {
      read(): AsyncIterable<unknown> {
        return bare(() => (this as unknown as { held(): unknown }).held());
      }
    }
    const rows = await start(Plain);
    expect(await all(rows.read())).toEqual([true, true]);
    const iteration = rows.read() as AsyncGenerator;
    await iteration.next();
    expect(await iteration.return('early')).toEqual({ done: true, value: 'early' });
    const failing = rows.read() as AsyncGenerator;
    await failing.next();
    await expect(failing.throw(new Error('its own'))).rejects.toThrow('its own');
  });

  it('N3a: is a promise as any other for who waits for it', async () => {
    class Plain {
      read(): Promise<unknown> {
        return Promise.resolve((this as unknown as { held(): unknown }).held());
      }
    }
    const rows = await start(Plain);
    const call = rows.read() as Promise<unknown>;
    expect(call).toBeInstanceOf(Promise);
    expect(await call).toBe(true);
    expect(await rows.read().then((value: unknown) => [value])).toEqual([true]);
    await expect(all(rows.read())).rejects.toThrow(/iterable/);
  });

  it('D2: stops the app when it is a generator that nobody waits for', async () => {
    class Plain {
      *read(): Generator<number> {
        yield 1;
      }
    }
    await expect(start(Plain)).rejects.toThrow(/Held\.read.*make it `async \*`/);
    nest = await startContext({});
  });
});
