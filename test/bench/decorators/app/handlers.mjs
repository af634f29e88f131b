import { Controller, Get, NotFoundException, SetMetadata, StreamableFile, UseGuards } from '@nestjs/common';
import { Readable } from 'node:stream';
import { defer } from 'rxjs';
import { keyOf, LONG_LEASE, SHORT_LEASE } from '../terms.mjs';
import { decorated } from '../../decorate.mjs';
import { tell, work } from './stage.mjs';

const guard = {
  canActivate(context) {
    const roles = Reflect.getMetadata('roles', context.getHandler());
    return roles === undefined || roles.includes(context.switchToHttp().getRequest().headers.role);
  },
};

async function* chunksOf(name) {
  yield 'first chunk, ';
  await work(name);
  yield 'last chunk';
}

function controller(method, decorators) {
  const type = decorated(method, decorators);
  Controller()(type);
  return type;
}

function losing({ lossOf }, lock) {
  const handle = async (argument) => {
    if (lossOf !== undefined) {
      tell({ event: 'listens', name: 'lost' });
      lossOf.signal(argument).addEventListener('abort', () => tell({ event: 'told', name: 'lost' }));
    }
    return work('lost');
  };
  const type = decorated(handle, [Get('lost'), lock('lost', { ttl: SHORT_LEASE })]);
  lossOf?.parameter()(type.prototype, 'handle', 0);
  Controller()(type);
  return type;
}

/** One controller for each check, so that none disturbs another. The lock stands below `@Get()`, where every library works. */
export function controllersOf(contestant, wait) {
  const lock = (name, options) => contestant.lock(keyOf(name), { ttl: LONG_LEASE, wait, ...options });
  const answer = async () => ({ answered: true });
  return [
    controller(answer, [lock('above'), Get('above')]),
    controller(answer, [Get('below'), lock('below')]),
    controller(answer, [UseGuards(guard), Get('guarded'), lock('guarded'), SetMetadata('roles', ['admin'])]),
    controller(async () => {
      throw new NotFoundException();
    }, [Get('missing'), lock('missing')]),
    controller(() => work('busy'), [Get('busy'), lock('busy')]),
    controller(() => defer(() => work('observable')), [Get('observable'), lock('observable', { isObservable: true })]),
    controller(async () => new StreamableFile(Readable.from(chunksOf('stream'))), [Get('stream'), lock('stream')]),
    controller(() => work('lease'), [Get('lease'), lock('lease', { ttl: SHORT_LEASE })]),
    controller(() => work('shutdown'), [Get('shutdown'), lock('shutdown')]),
    losing(contestant, lock),
  ];
}
