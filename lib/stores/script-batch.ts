import type { Script } from '../scripts/define-script.js';
import { StoreFailure } from './lock-store.interface.js';
import type { RedisSession } from './redis-session.js';

/** Turns one integer reply into an outcome. `isResent`: the command may have been executed twice. May throw a `StoreFailure`. */
export type DecodeReply<Outcome> = (reply: number, isResent: boolean) => Outcome;

interface Entry<Outcome> {
  readonly keys: readonly string[];
  readonly args: readonly string[];
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (failure: unknown) => void;
}

/** Keeps one script from holding up the server: about half a millisecond. */
const MAX_BATCH = 128;

/** Joins calls of one script into one command: a crowd costs one write, one parse and one script call. */
export class ScriptBatch<Outcome> {
  readonly #session: RedisSession;
  readonly #script: Script;
  readonly #decode: DecodeReply<Outcome>;
  readonly #common: () => readonly string[];
  #entries: Entry<Outcome>[] = [];

  /** `common`: the arguments that hold for all entries. */
  constructor(session: RedisSession, script: Script, decode: DecodeReply<Outcome>, common: () => readonly string[]) {
    this.#session = session;
    this.#script = script;
    this.#decode = decode;
    this.#common = common;
  }

  add(keys: readonly string[], args: readonly string[]): Promise<Outcome> {
    return new Promise((resolve, reject) => this.#entries.push({ keys, args, resolve, reject }));
  }

  /** Sends what was added. Returns what settles, never with an error, when all of it is answered; `undefined` when there was nothing. */
  flush(): Promise<unknown> | undefined {
    const entries = this.#entries;
    if (entries.length === 0) return undefined;
    this.#entries = [];
    const size = this.#session.canBatch ? MAX_BATCH : 1;
    if (entries.length <= size) return this.#send(entries);
    const sent: Promise<void>[] = [];
    for (let start = 0; start < entries.length; start += size) sent.push(this.#send(entries.slice(start, start + size)));
    return Promise.all(sent);
  }

  #send(entries: readonly Entry<Outcome>[]): Promise<void> {
    const { reconnects } = this.#session;
    const [keys, args] = this.#join(entries);
    return this.#session.run(this.#script, keys, args).then(
      (reply) => {
        const replies = Array.isArray(reply) ? (reply as unknown[]) : [reply];
        const isResent = this.#session.reconnects > reconnects;
        entries.forEach((entry, index) => this.#settle(entry, replies[index], isResent));
      },
      (failure: unknown) => entries.forEach((entry) => entry.reject(failure)),
    );
  }

  #join(entries: readonly Entry<Outcome>[]): [keys: readonly string[], args: readonly string[]] {
    const [first] = entries;
    if (first !== undefined && entries.length === 1) return [first.keys, [...this.#common(), ...first.args]];
    return [entries.flatMap((entry) => entry.keys), [...this.#common(), ...entries.flatMap((entry) => entry.args)]];
  }

  #settle(entry: Entry<Outcome>, reply: unknown, isResent: boolean): void {
    try {
      if (typeof reply !== 'number') throw new StoreFailure(`unexpected reply to ${this.#script.name}`, { transient: false, applied: 'unknown' });
      entry.resolve(this.#decode(reply, isResent));
    } catch (failure) {
      entry.reject(failure);
    }
  }
}
