import { Controller, Get, Param, Scope, StreamableFile, UseGuards, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Server } from 'node:http';
import { Readable } from 'node:stream';
import { RedisLockService } from 'nestjs-redis-lock';
import { defer, mergeMap, type Observable } from 'rxjs';
import { PLATFORMS, type Platform } from '../support/http-app.js';
import { replying, Told } from './support/calls.js';
import type { Cell } from './support/cell.js';
import { describeMatrix } from './support/describe-matrix.js';
import { HTTP } from './support/forms.js';
import { raw, type Group, type Host, type Kind, type World } from './support/kind.js';
import { rootModule } from './support/root-module.js';

interface HttpWorld extends World {
  readonly url: string;
}

const decorate = (cell: Cell, type: Type): Type => cell.decorate(type, [Get(':id'), UseGuards(cell.guard)]);

function promises(cell: Cell, scope = Scope.DEFAULT): Type {
  @Controller({ path: cell.id, scope })
  class OrderController {
    constructor(private readonly locks: RedisLockService) {}

    async run(@Param('id', cell.pipe) id: string): Promise<string> {
      return cell.body(this.locks, id);
    }
  }
  return decorate(cell, OrderController);
}

function observes(cell: Cell): Type {
  @Controller(cell.id)
  class OrderController {
    constructor(private readonly locks: RedisLockService) {}

    run(@Param('id', cell.pipe) id: string): Observable<string> {
      return defer(() => cell.body(this.locks, id)).pipe(mergeMap((value) => cell.tail(value)));
    }
  }
  return decorate(cell, OrderController);
}

function streams(cell: Cell): Type {
  @Controller(cell.id)
  class OrderController {
    constructor(private readonly locks: RedisLockService) {}

    async run(@Param('id', cell.pipe) id: string): Promise<StreamableFile> {
      const value = await cell.body(this.locks, id);
      return new StreamableFile(Readable.from(this.chunks(value)));
    }

    private async *chunks(value: string): AsyncGenerator<Buffer> {
      yield Buffer.from(await cell.tail(value));
    }
  }
  return decorate(cell, OrderController);
}

/** An empty answer is that of a handler that returned nothing. */
async function get(url: string): Promise<unknown> {
  const response = await fetch(url);
  const body = await response.text();
  if (response.ok) return body === '' ? undefined : body;
  throw new Told({
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    body: JSON.parse(body) as unknown,
  });
}

const kind = (name: string, declare: Kind['declare'], traits: Partial<Kind<HttpWorld>> = {}): Kind<HttpWorld> => ({
  name,
  ids: [],
  form: HTTP,
  pipeline: 'handler',
  argument: raw('{params.id}'),
  declare,
  begin: ({ world }, cell) => replying(get(`${world.url}/${cell.id}/${cell.sent}`)),
  ...traits,
});

const group = ({ platform, adapter }: Platform): Group<HttpWorld> => ({
  name: `a handler of HTTP on ${platform}`,
  kinds: [
    kind('a handler that returns a promise', promises),
    kind('a handler that returns an Observable', observes, { passes: 2 }),
    kind('a handler that returns a StreamableFile', streams, { passes: 2 }),
    kind('a handler of a request-scoped controller', (cell) => promises(cell, Scope.REQUEST), { ids: ['N10'] }),
  ],
  open: async (host: Host) => {
    const app = await NestFactory.create(rootModule(host, 'controllers'), adapter(), {
      logger: host.log,
      abortOnError: false,
    });
    await app.listen(0, '127.0.0.1');
    const close = async (): Promise<void> => {
      (app.getHttpServer() as Server).closeAllConnections();
      await app.close();
    };
    return { app, url: await app.getUrl(), close };
  },
});

for (const platform of PLATFORMS) describeMatrix({ group: group(platform), cells: 4 * 3 * 10 });
