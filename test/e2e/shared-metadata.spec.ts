import { describe, expect, it } from '@jest/globals';
import { Injectable, SetMetadata } from '@nestjs/common';
import { WithLock } from 'nestjs-redis-lock';
import { startContext } from '../support/nest-context.js';

describe('the metadata of a method under @WithLock()', () => {
  it('N4: is seen by who has the method, and by who has what stands in its place, whichever it was written on', async () => {
    const originals: object[] = [];
    const keep: MethodDecorator = (_target, _key, { value }) => void originals.push(value as object);
    const write: MethodDecorator = (target, key) =>
      Reflect.defineMetadata('above', 'written', (target as Record<symbol | string, object>)[key] as object);
    const later = (): void => Reflect.defineMetadata('later', 'written', originals[0] as object);

    @Injectable()
    class Orders {
      @write
      @SetMetadata('roles', ['admin'])
      @WithLock('upper')
      @WithLock('lower')
      @SetMetadata('below', 'written')
      @keep
      async pay(): Promise<void> {}
    }
    later();
    const { app } = await startContext({ providers: [Orders] });
    for (const face of [Orders.prototype.pay, originals[0] as object]) {
      expect(['above', 'roles', 'below', 'later'].map((key) => Reflect.getMetadata(key, face) as unknown)).toEqual([
        'written',
        ['admin'],
        'written',
        'written',
      ]);
    }
    await app.close();
  });
});
