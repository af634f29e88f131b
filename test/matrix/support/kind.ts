import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import type { Backend } from './backend.js';
import type { Call } from './calls.js';
import type { Cell } from './cell.js';
import type { ErrorLog } from './error-log.js';
import type { Form } from './forms.js';
import { PIPED, SENT } from './neighbours.js';

/** How the argument of a call gets into the key, and into the body. */
export interface Argument {
  readonly template: string;
  readonly inKey: string;
  readonly inBody: string;
  /** The same as the method gets it, whatever was sent. */
  readonly piped?: Argument;
}

export interface Traits {
  readonly name: string;
  /** The requirements that it proves beside those of its outcomes. */
  readonly ids: readonly string[];
  /** How its caller is told of an error. */
  readonly form: Form;
  /**
   * `handler`: guards run before the lock is taken, pipes under it, and so does a transaction at any place. `field`: only pipes run, and before the
   * lock is taken. `none`: decorators nest as they are read.
   */
  readonly pipeline: 'handler' | 'field' | 'none';
  readonly argument?: Argument;
  /** How often a call comes to the checkpoint; default once. */
  readonly passes?: number;
  /** Whoever calls it takes no result. */
  readonly returnsNothing?: true;
  /** All replicas of an app do it at the same time. */
  readonly isJob?: true;
  /** A call passes a second `@WithLock()`. */
  readonly hasOtherLock?: true;
}

/** What a group of kinds shares: an app, and who calls it. */
export interface World {
  readonly app: INestApplicationContext;
  close(): Promise<void>;
}

/** What a world is made of. */
export interface Host {
  /** The lock module. */
  readonly modules: readonly DynamicModule[];
  /** The classes of all cells. */
  readonly classes: readonly Type[];
  readonly log: ErrorLog;
}

export interface Scene<W extends World = World> {
  readonly world: W;
  readonly host: Host;
  readonly log: ErrorLog;
  readonly backend: Backend;
  /** Resolves when whatever was asked of the backend has been answered, and told. */
  readonly settle: () => Promise<void>;
}

/** One way in which a method is called. */
export interface Kind<W extends World = World> extends Traits {
  /** Makes the class of a cell; what it decorates by `cell.decorate()` runs `cell.body()`. */
  readonly declare: (cell: Cell) => Type;
  /** Calls it as its real caller does. */
  readonly begin: (scene: Scene<W>, cell: Cell) => Call;
}

export interface Group<W extends World = World> {
  readonly name: string;
  readonly kinds: readonly Kind<W>[];
  readonly open: (host: Host) => Promise<W>;
}

/** The lock is taken before the pipes run. */
export function raw(template: string): Argument {
  return { template, inKey: SENT, inBody: PIPED, piped: asPassed('{0}', PIPED) };
}

/** The lock is taken with the arguments of the call. */
export function asPassed(template: string, value = SENT): Argument {
  return { template, inKey: value, inBody: value };
}
