import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Header,
  HttpCode,
  Param,
  ParseIntPipe,
  SetMetadata,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { CurrentLock, WithLock, type Lock } from 'nestjs-redis-lock';
import { map } from 'rxjs';
import { applyDecorators } from '../support/apply-decorators.js';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, startHttpApp, type HttpApp } from '../support/http-app.js';

const stage = { work: new Checkpoint() };

const roleGuard = {
  canActivate: (context: ExecutionContext): boolean =>
    Reflect.getMetadata('roles', context.getHandler())?.includes(context.switchToHttp().getRequest().headers.role) ===
    true,
};
const wrapping = {
  intercept: (_: unknown, next: CallHandler) => next.handle().pipe(map((value) => ({ wrapped: value }))),
};

const HTTP_DECORATORS: readonly MethodDecorator[] = [
  Get(':id'),
  UseGuards(roleGuard),
  SetMetadata('roles', ['admin']),
  UseInterceptors(wrapping),
  Header('x-seen', 'yes'),
  HttpCode(202),
];

/** `@WithLock()` at every place among the others, which stand in this order and the other way round. */
const ORDERS = [HTTP_DECORATORS, HTTP_DECORATORS.toReversed()].flatMap((others, turn) =>
  Array.from({ length: others.length + 1 }, (_, place) => ({
    name: `${turn === 0 ? 'in order' : 'reversed'}, place ${place}`,
    path: `${turn}-${place}`,
    others,
    place,
  })),
);

const handlers = ORDERS.map(({ path, others, place }) => {
  class OrderController {
    async read(id: number, lock: Lock): Promise<object> {
      await stage.work.pass();
      return { id, key: lock.key, isHeld: lock.isHeld };
    }
  }
  Param('id', ParseIntPipe)(OrderController.prototype, 'read', 0);
  CurrentLock()(OrderController.prototype, 'read', 1);
  Reflect.defineMetadata('design:paramtypes', [Number, Object], OrderController.prototype, 'read');
  applyDecorators(
    OrderController.prototype,
    'read',
    others.toSpliced(place, 0, WithLock(`${path}:{params.id}`) as MethodDecorator),
  );
  Controller(path)(OrderController);
  return OrderController;
});

describe.each(PLATFORMS)('@WithLock() at any place among the decorators of a handler, on $platform', ({ adapter }) => {
  let http: HttpApp;

  beforeAll(async () => {
    http = await startHttpApp(adapter, { controllers: handlers });
  });

  afterEach(() => {
    stage.work = new Checkpoint();
  });

  afterAll(() => http.close());

  it.each(ORDERS)('N4: all of them work ($name)', async ({ path }) => {
    const get = (id: string, role = 'admin'): Promise<Response> =>
      fetch(`${http.url}/${path}/${id}`, { headers: { role } });
    expect((await get('1', 'guest')).status).toBe(403);
    expect((await get('one')).status).toBe(400);
    const responses = [get('1'), get('1')];
    await eventually(async () => (await http.locks.inspect(`${path}:1`))?.waiting === 1);
    stage.work.open();
    for (const response of await Promise.all(responses)) {
      expect([response.status, response.headers.get('x-seen')]).toEqual([202, 'yes']);
      expect(await response.json()).toEqual({ wrapped: { id: 1, key: `${path}:1`, isHeld: true } });
    }
    expect(stage.work.mostInside).toBe(1);
  });
});

it.each(ORDERS.map(({ name }, index) => ({ name, type: handlers[index] as Type })))(
  'N4: name and length of the method stay ($name)',
  ({ type }) => {
    const { read } = type.prototype as { read: (...args: unknown[]) => unknown };
    expect([read.name, read.length]).toEqual(['read', 2]);
  },
);
