import type { Script } from '../scripts/define-script.js';
import { StoreFailure } from './lock-store.interface.js';
import type { RedisSession } from './redis-session.js';

export interface BatchEntry {
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

interface Pending extends BatchEntry {
  resolve(reply: number): void;
  reject(failure: StoreFailure): void;
}

/** Keeps one script from holding up the server: about half a millisecond. */
const MAX_BATCH = 128;

/**
 * Joins calls of one script that are made in one turn of the event loop into one command: a crowd costs one write, one parse and one script
 * call. A single call is sent at the end of the same turn, so it loses nothing.
 */
export class ScriptBatch {
  readonly #session: RedisSession;
  readonly #script: Script;
  readonly #head: readonly string[];
  #pending: Pending[] = [];

  /** `head`: arguments that stand before those of the entries. */
  constructor(session: RedisSession, script: Script, head: readonly string[] = []) {
    this.#session = session;
    this.#script = script;
    this.#head = head;
  }

  add(entry: BatchEntry): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ keys: entry.keys, args: entry.args, resolve, reject });
    });
  }

  /** Sends what was added. */
  flush(): void {
    if (this.#pending.length === 0) return;
    const pending = this.#pending;
    this.#pending = [];
    const size = this.#session.canBatch ? MAX_BATCH : 1;
    for (let start = 0; start < pending.length; start += size) this.#send(size >= pending.length ? pending : pending.slice(start, start + size));
  }

  #send(entries: readonly Pending[]): void {
    const keys: string[] = [];
    const args: string[] = [...this.#head];
    for (const entry of entries) {
      keys.push(...entry.keys);
      args.push(...entry.args);
    }
    this.#session.run(this.#script, keys, args).then(
      (replies) => this.#distribute(entries, replies),
      (failure: StoreFailure) => entries.forEach((entry) => entry.reject(failure)),
    );
  }

  #distribute(entries: readonly Pending[], replies: unknown): void {
    entries.forEach((entry, index) => {
      const reply: unknown = Array.isArray(replies) ? replies[index] : undefined;
      if (typeof reply === 'number') entry.resolve(reply);
      else entry.reject(new StoreFailure(`unexpected reply of script ${this.#script.name}`, { transient: false, applied: 'unknown' }));
    });
  }
}
