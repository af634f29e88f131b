import { FAILED, type EachLockScript } from './scripts/define-script.js';
import { StoreFailure } from '../engine/lock-store.interface.js';
import { toScriptFailure } from './redis-failure.js';
import type { ScriptRunner } from './script-runner.js';

/** The real function, taken before a test's fake timers replace it: what waits is sent at the end of the real turn of the event loop. */
const nextTick = process.nextTick.bind(process);

/** How many locks one command may concern: more would hold up the server for longer than about half a millisecond. */
const MAX_BATCH = 128;

/** A script of which one command may do the work of many calls. */
export interface BatchedScript<Outcome> extends EachLockScript<Outcome> {
  /** The arguments that hold for all calls of one command. */
  readonly common?: () => readonly string[];
}

interface Entry {
  readonly keys: readonly [string, ...string[]];
  readonly args: readonly string[];
  readonly resolve: (outcome: any) => void;
  readonly reject: (failure: unknown) => void;
}

interface Batch {
  readonly script: BatchedScript<unknown>;
  readonly entries: Entry[];
}

/**
 * Sends a call at once while no other is under way, so that a lone caller loses no time; else at the end of the turn of the event loop, so that the
 * calls of a crowd travel in few commands.
 */
export class ScriptBatcher {
  readonly #runner: ScriptRunner;
  #batches: Batch[] = [];
  /** The last batch that concerns a lock: its later calls must not go into an earlier batch, or they would overtake. */
  readonly #lastBatchOf = new Map<string, number>();
  #isDue = false;

  constructor(runner: ScriptRunner) {
    this.#runner = runner;
  }

  /** Runs the script for the lock `keys[0]`: calls that concern one lock are sent in their order. Rejects with a `StoreFailure`. */
  send<Outcome>(script: BatchedScript<Outcome>, keys: Entry['keys'], args: readonly string[]): Promise<Outcome> {
    if (!this.#isDue && !this.#runner.isBusy) return this.#sendAlone(script, keys, args);
    return new Promise<Outcome>((resolve, reject) => {
      this.#put(script, { keys, args, resolve, reject });
      if (this.#isDue) return;
      this.#isDue = true;
      nextTick(() => this.flush());
    });
  }

  /** Sends all waiting calls now. */
  flush(): void {
    this.#isDue = false;
    const batches = this.#batches;
    this.#batches = [];
    this.#lastBatchOf.clear();
    const size = this.#runner.canBatch ? MAX_BATCH : 1;
    for (const { script, entries } of batches) {
      for (let start = 0; start < entries.length; start += size)
        this.#sendBatch(script, entries.slice(start, start + size));
    }
  }

  #put(script: BatchedScript<unknown>, entry: Entry): void {
    const [lock] = entry.keys;
    let index = this.#batches.findLastIndex((batch) => batch.script === script);
    if (index === -1 || index < (this.#lastBatchOf.get(lock) ?? 0))
      index = this.#batches.push({ script, entries: [] }) - 1;
    this.#batches[index]?.entries.push(entry);
    this.#lastBatchOf.set(lock, index);
  }

  #sendAlone<Outcome>(script: BatchedScript<Outcome>, keys: Entry['keys'], args: readonly string[]): Promise<Outcome> {
    const { reconnects } = this.#runner;
    const { common } = script;
    return this.#runner.run(script, keys, common === undefined ? args : [...common(), ...args], {
      onReply: (reply) => script.decode(toInteger(reply), this.#runner.reconnects > reconnects),
      onFailure: raise,
    });
  }

  /** Uses loops in place of functions: with hundreds of calls in a batch, those were most of what a lock cost here. */
  #sendBatch(script: BatchedScript<unknown>, entries: readonly Entry[]): void {
    const { reconnects } = this.#runner;
    const { common } = script;
    const keys: string[] = [];
    const args: string[] = common === undefined ? [] : [...common()];
    for (const entry of entries) {
      for (const key of entry.keys) keys.push(key);
      for (const arg of entry.args) args.push(arg);
    }
    void this.#runner.run(script, keys, args, {
      onReply: (reply) => {
        const replies = Array.isArray(reply) ? (reply as unknown[]) : [reply];
        const isResent = this.#runner.reconnects > reconnects;
        for (const [index, entry] of entries.entries()) settle(entry, script, replies[index], isResent);
      },
      onFailure: (failure) => entries.forEach((entry) => entry.reject(failure)),
    });
  }
}

function settle(
  { resolve, reject }: Entry,
  { decode }: BatchedScript<unknown>,
  reply: unknown,
  isResent: boolean,
): void {
  try {
    resolve(decode(toInteger(reply), isResent));
  } catch (failure) {
    reject(failure);
  }
}

function raise(failure: StoreFailure): never {
  throw failure;
}

/** A client may be set to hand out numbers as strings. */
function toInteger(reply: unknown): number {
  if (typeof reply === 'string' && reply.startsWith(FAILED)) throw toScriptFailure(reply.slice(FAILED.length));
  const number = typeof reply === 'string' ? Number(reply) : reply;
  if (Number.isSafeInteger(number)) return number as number;
  throw new StoreFailure('a script was answered with something else than an integer', {
    transient: false,
    applied: 'unknown',
  });
}
