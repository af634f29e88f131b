import { Injectable, Scope, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RedisLockService } from 'nestjs-redis-lock';
import { replying } from './calls.js';
import type { Cell } from './cell.js';
import { THROWN } from './forms.js';
import { asPassed, type Group, type Host, type Kind, type Scene, type World } from './kind.js';
import { rootModule } from './root-module.js';

interface Runs {
  run(id: string): Promise<string>;
}

interface Delegates extends Runs {
  delegate(id: string): Promise<string>;
}

/** A class whose method is locked. */
function service(cell: Cell, scope = Scope.DEFAULT): Type<Runs> {
  @Injectable({ scope })
  class OrderService {
    constructor(protected readonly locks: RedisLockService) {}

    async run(id: string): Promise<string> {
      return cell.body(this.locks, id);
    }
  }
  return cell.decorate(OrderService, []);
}

/** A class that calls its own method. */
function selfCaller(cell: Cell): Type<Delegates> {
  @Injectable()
  class OrderService {
    constructor(private readonly locks: RedisLockService) {}

    async run(id: string): Promise<string> {
      return cell.body(this.locks, id);
    }

    async delegate(id: string): Promise<string> {
      return this.run(id);
    }
  }
  return cell.decorate(OrderService, []);
}

function heir(cell: Cell): Type<Runs> {
  @Injectable()
  class HeirService extends service(cell) {}
  return HeirService;
}

/** A class that overrides the method of another, and calls it; `cell` decorates either of them. */
function overrider(cell: Cell, decorated: 'override' | 'overridden'): Type<Runs> {
  @Injectable()
  class BaseService {
    constructor(private readonly locks: RedisLockService) {}

    async run(id: string): Promise<string> {
      return cell.body(this.locks, id);
    }
  }
  if (decorated === 'overridden') cell.decorate(BaseService, []);
  else cell.decorateOther(BaseService);

  @Injectable()
  class OverridingService extends BaseService {
    override async run(id: string): Promise<string> {
      return super.run(id);
    }
  }
  return decorated === 'override' ? cell.decorate(OverridingService, []) : cell.decorateOther(OverridingService);
}

/** A class that has the method which an abstract one calls. */
function implementer(cell: Cell): Type<Delegates> {
  @Injectable()
  abstract class TemplateService {
    constructor(protected readonly locks: RedisLockService) {}

    abstract run(id: string): Promise<string>;

    async delegate(id: string): Promise<string> {
      return this.run(id);
    }
  }

  @Injectable()
  class ConcreteService extends TemplateService {
    async run(id: string): Promise<string> {
      return cell.body(this.locks, id);
    }
  }
  return cell.decorate(ConcreteService, []);
}

const get = ({ world }: Scene, { type }: Cell): Promise<Delegates> => Promise.resolve(world.app.get<Delegates>(type));
const resolve = ({ world }: Scene, { type }: Cell): Promise<Delegates> => world.app.resolve<Delegates>(type);

const kind = (name: string, declare: Kind['declare'], traits: Partial<Kind> = {}): Kind => ({
  name,
  ids: [],
  form: THROWN,
  pipeline: 'none',
  argument: asPassed('{0}'),
  declare,
  begin: (scene, cell) => replying(get(scene, cell).then((instance) => instance.run(cell.sent))),
  ...traits,
});

const resolved: Partial<Kind> = {
  ids: ['N10'],
  begin: (scene, cell) => replying(resolve(scene, cell).then((instance) => instance.run(cell.sent))),
};
const delegated: Partial<Kind> = {
  begin: (scene, cell) => replying(get(scene, cell).then((instance) => instance.delegate(cell.sent))),
};

async function open(host: Host): Promise<World> {
  const app = await NestFactory.createApplicationContext(rootModule(host, 'providers'), {
    logger: host.log,
    abortOnError: false,
  });
  return { app, close: () => app.close() };
}

export const PLAIN: Group = {
  name: 'a method of a provider',
  kinds: [
    kind('a plain call', service),
    kind('a self-call', selfCaller, delegated),
    kind('a call of a request-scoped provider', (cell) => service(cell, Scope.REQUEST), resolved),
    kind('a call of a transient provider', (cell) => service(cell, Scope.TRANSIENT), resolved),
    kind('a call of an inherited method', heir, { ids: ['N10'] }),
    kind('a call of an override whose super call is locked', (cell) => overrider(cell, 'override'), {
      ids: ['N10'],
      hasOtherLock: true,
    }),
    kind('a super call of an override that is locked', (cell) => overrider(cell, 'overridden'), {
      ids: ['N10'],
      hasOtherLock: true,
    }),
    kind('a call of a method that was abstract', implementer, { ids: ['N10'], ...delegated }),
  ],
  open,
};
