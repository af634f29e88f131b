import { Injectable, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { RedisLockService } from 'nestjs-redis-lock';
import { replying } from './support/calls.js';
import type { Cell } from './support/cell.js';
import { describeMatrix } from './support/describe-matrix.js';
import { THROWN } from './support/forms.js';
import type { Group, Kind, Scene } from './support/kind.js';
import { rootModule } from './support/root-module.js';

type Hook = 'onModuleInit' | 'onApplicationBootstrap';

function starter(cell: Cell, hook: Hook): Type {
  @Injectable()
  class Starter {
    constructor(private readonly locks: RedisLockService) {}

    async [hook](): Promise<string> {
      return cell.body(this.locks);
    }
  }
  return cell.decorate(Starter, [], hook);
}

/** An app of its own for each call: whoever starts it is the caller. */
async function start({ host }: Scene, { type }: Cell): Promise<void> {
  const imports = [rootModule({ modules: host.modules, classes: [type] }, 'providers')];
  const module = await Test.createTestingModule({ imports }).setLogger(host.log).compile();
  try {
    await module.init();
  } finally {
    await module.close();
  }
}

const kind = (hook: Hook): Kind => ({
  name: `a call of ${hook}`,
  ids: [],
  form: THROWN,
  pipeline: 'none',
  returnsNothing: true,
  declare: (cell) => starter(cell, hook),
  begin: (scene, cell) => replying(start(scene, cell)),
});

const group: Group = {
  name: 'a hook of the start-up',
  kinds: [kind('onModuleInit'), kind('onApplicationBootstrap')],
  open: async ({ modules, log }) => {
    const app = await NestFactory.createApplicationContext(rootModule({ modules, classes: [] }, 'providers'), {
      logger: log,
      abortOnError: false,
    });
    return { app, close: () => app.close() };
  },
};

describeMatrix({ group, cells: 2 * 3 * 10 });
