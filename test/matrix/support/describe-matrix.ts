import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { RedisLockService } from 'nestjs-redis-lock';
import type { Backend } from './backend.js';
import { Cell } from './cell.js';
import { ErrorLog } from './error-log.js';
import type { Group, Host, Kind, Scene, World } from './kind.js';
import { ORDERS, WITHOUT_LOCK } from './orders.js';
import { OUTCOMES } from './outcomes/index.js';
import { startRedisBackend } from './redis-backend.js';

interface Matrix<W extends World> {
  readonly group: Group<W>;
  /** How many cells there are: kinds × orders × outcomes. */
  readonly cells: number;
  readonly startBackend?: () => Promise<Backend>;
}

interface Entry<W extends World> {
  readonly kind: Kind<W>;
  readonly cell: Cell;
}

/** Without locks, a cell that passes proves nothing. */
const test = WITHOUT_LOCK ? it.failing : it;

/** Makes a test of each kind of the group, with the decorators in each order, for each outcome; all share one app. */
export function describeMatrix<W extends World>({ group, cells, startBackend = startRedisBackend }: Matrix<W>): void {
  const entries = entriesOf(group);
  const ran = new Set<Cell>();

  describe(`@WithLock() on ${group.name}`, () => {
    let scene: Scene<W>;

    beforeAll(async () => {
      scene = await openScene(group, entries, await startBackend());
    });

    afterAll(async () => {
      await scene.world.close();
      await scene.backend.stop();
    });

    const run = async ({ kind, cell }: Entry<W>): Promise<void> => {
      ran.add(cell);
      await prove(scene, kind, cell);
    };
    const make = (isDown: boolean): void => {
      for (const entry of entries.filter(({ cell }) => (cell.outcome.isDown === true) === isDown))
        test(titleOf(entry.cell), () => run(entry));
    };

    describe('while Redis answers', () => {
      afterEach(async () => {
        const cell = [...ran].at(-1);
        cell?.work.open();
        for (const key of cell?.keys ?? []) await scene.backend.remove(key);
      });

      make(false);
    });

    describe('when Redis is down', () => {
      beforeAll(() => scene.backend.breakDown());

      make(true);
    });

    it(`N3: has run its ${cells} cells`, () => {
      expect(cells).toBe(group.kinds.length * ORDERS.length * OUTCOMES.length);
      expect(ran.size).toBe(cells);
    });
  });
}

function entriesOf<W extends World>({ kinds }: Group<W>): readonly Entry<W>[] {
  const places = ORDERS.flatMap((order) => OUTCOMES.map((outcome) => ({ order, outcome })));
  return kinds.flatMap((kind) =>
    places.map(({ order, outcome }) => ({ kind, cell: new Cell(kind, kind.declare, order, outcome) })),
  );
}

async function openScene<W extends World>(
  group: Group<W>,
  entries: readonly Entry<W>[],
  backend: Backend,
): Promise<Scene<W>> {
  const log = new ErrorLog();
  const host: Host = { modules: backend.modules, classes: entries.map(({ cell }) => cell.type), log };
  try {
    const world = await group.open(host);
    backend.attach(world.app);
    const locks = world.app.get(RedisLockService);
    const settle = async (): Promise<void> => {
      // Answered after whatever was asked before, over the same connection.
      await locks.inspect('nobody');
      await setImmediate();
    };
    return { world, host, log, backend, settle };
  } catch (error) {
    await backend.stop();
    throw error;
  }
}

async function prove<W extends World>(scene: Scene<W>, kind: Kind<W>, cell: Cell): Promise<void> {
  const { world, backend, log, settle } = scene;
  await cell.outcome.prove({
    cell,
    backend,
    log,
    locks: world.app.get(RedisLockService),
    begin: () => kind.begin(scene, cell),
    settle,
  });
}

function titleOf({ traits, order, outcome }: Cell): string {
  const ids = ['N3', 'N4', ...traits.ids, ...outcome.ids(traits)];
  return `${[...new Set(ids)].join(' ')}: ${traits.name}, with it ${order.name} the other decorators, ${outcome.sentence}`;
}
