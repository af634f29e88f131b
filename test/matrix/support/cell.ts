import { UseInterceptors, type CanActivate, type PipeTransform, type Type } from '@nestjs/common';
import { WithLock, type Lock, type RedisLockService, type WithLockOptions } from 'nestjs-redis-lock';
import { applyDecorators } from '../../support/apply-decorators.js';
import { Checkpoint } from '../../support/checkpoint.js';
import { deferred } from '../../support/deferred.js';
import type { Argument, Traits } from './kind.js';
import { elsewhere, Note, noteGuard, pipe, SENT, Transactional, type Place, type Visitor } from './neighbours.js';
import { WITHOUT_LOCK, type Order } from './orders.js';
import type { Outcome } from './outcomes/outcome.js';

/** What a body returns. */
export const RESULT = 'done';

interface Decorated {
  readonly prototype: object;
  readonly method: string;
  readonly length: number;
}

let cells = 0;

/** One kind of method, with the decorators in one order, for one outcome: a class of its own and a key of its own. */
export class Cell implements Visitor {
  /** Unique, and fit for a path, a pattern, a job and a field. */
  readonly id = `c${(cells += 1)}`;
  /** The key of the lock under test. */
  readonly key: string;
  /** The key of a second `@WithLock()` that a call passes. */
  readonly otherKey: string;
  /** All that a call takes, sorted. */
  readonly keys: readonly string[];
  /** The class that was made for it. */
  readonly type: Type;
  readonly work = new Checkpoint();
  /** Resolves when the body runs. */
  readonly entry = deferred();
  /** What the next caller sends. */
  sent = SENT;
  entered = 0;
  finished = 0;
  /** What the body was called with. */
  argument: unknown;
  lock: Lock | undefined;
  /** What `assertLocked()` said in the body. */
  unlocked: unknown;
  /** What the body throws. */
  failure: Error | undefined;
  /** Says which locks are taken, if the places of a call are to remember it. */
  look: (() => Promise<readonly string[]>) | undefined;
  readonly seen = new Map<Place, readonly string[]>();
  #decorated: Decorated | undefined;

  constructor(
    readonly traits: Traits,
    declare: (cell: Cell) => Type,
    readonly order: Order,
    readonly outcome: Outcome,
  ) {
    const { hasOtherLock } = traits;
    const argument = this.part;
    const part = argument === undefined ? '' : `:${argument.inKey}`;
    this.key = `secret-${this.id}${part}`;
    this.otherKey = `other-${this.id}${part}`;
    this.keys = hasOtherLock === true ? [this.otherKey, this.key] : [this.key];
    this.type = declare(this);
  }

  /** The part of its key that a caller sends. */
  get part(): Argument | undefined {
    const { argument } = this.traits;
    return this.outcome.isPiped === true ? (argument?.piped ?? argument) : argument;
  }

  get guard(): CanActivate {
    return noteGuard(this);
  }

  get pipe(): PipeTransform {
    return pipe(this);
  }

  /** What the caller gets of a body that ran through. */
  get value(): string | undefined {
    return this.traits.returnsNothing === true ? undefined : RESULT;
  }

  /** The method under test, as Nest finds it. */
  get decorated(): Decorated {
    if (this.#decorated === undefined) throw new Error(`Nothing is decorated in ${this.id}.`);
    return this.#decorated;
  }

  /** Puts `@WithLock()` at its place among `own`, the decorators of the kind, a note and a transaction. */
  decorate<T extends Type>(type: T, own: readonly MethodDecorator[], method = 'run'): T {
    const prototype = type.prototype as Record<string, (...args: unknown[]) => unknown>;
    this.#decorated = { prototype, method, length: prototype[method]?.length ?? 0 };
    const beneath = this.outcome.isElsewhere === true ? [UseInterceptors(elsewhere)] : [];
    this.#apply(
      prototype,
      method,
      [...beneath, ...own, Note(this.id), Transactional(this)],
      this.#lock('secret', this.outcome.options),
    );
    return type;
  }

  /** Puts the second `@WithLock()` at the same place. */
  decorateOther<T extends Type>(type: T): T {
    this.#apply(type.prototype as object, 'run', [Note('other'), Note('another')], this.#lock('other', { wait: 0 }));
    return type;
  }

  async visit(place: Place): Promise<void> {
    if (this.look !== undefined) this.seen.set(place, await this.look());
  }

  async body(locks: RedisLockService, argument?: unknown): Promise<string> {
    this.entered += 1;
    this.argument = argument;
    try {
      locks.assertLocked(this.key);
      this.lock = locks.current(this.key);
    } catch (error) {
      this.unlocked = error;
    }
    this.entry.resolve();
    await this.work.pass();
    if (this.failure !== undefined) throw this.failure;
    this.finished += 1;
    return RESULT;
  }

  /** What is left to do when the method has returned. */
  async tail(value: string): Promise<string> {
    await this.work.pass();
    return value;
  }

  #lock(name: string, options: WithLockOptions): MethodDecorator[] {
    const argument = this.part;
    const template: string = `${name}-${this.id}` + (argument === undefined ? '' : `:${argument.template}`);
    return WITHOUT_LOCK ? [] : [WithLock(template, options) as MethodDecorator];
  }

  #apply(
    prototype: object,
    method: string,
    others: readonly MethodDecorator[],
    lock: readonly MethodDecorator[],
  ): void {
    applyDecorators(prototype, method, others.toSpliced(this.order.place(others.length), 0, ...lock));
  }
}
