import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

const OWNER = /^([A-Za-z0-9._-]+:\d+:[a-z0-9]+#[a-z0-9]+)(?: (.*))?$/su;

/**
 * Makes owner tokens, `host:pid:instance#counter`; by their form a process knows that the holder wakes those that wait. They name a holder; knowing one gives no right that access to Redis does not give.
 */
export class OwnerTokens {
  readonly #prefix: string;
  #counter = 0;

  constructor() {
    const host =
      hostname()
        .replace(/[^A-Za-z0-9._-]/gu, '-')
        .slice(0, 64) || 'localhost';
    const instance = randomBytes(8).readBigUInt64BE().toString(36);
    this.#prefix = `${host}:${process.pid}:${instance}#`;
  }

  /** The value of a key for one acquisition: a fresh owner token and, after a space, the metadata. */
  next(metadata: string | undefined): string {
    this.#counter += 1;
    const token = this.#prefix + this.#counter.toString(36);
    return metadata === undefined ? token : `${token} ${metadata}`;
  }
}

/** Takes a stored value apart. The value of a foreign program is its owner as a whole. */
export function parseOwner(value: string): { owner: string; metadata: string | undefined } {
  const match = OWNER.exec(value);
  return { owner: match?.[1] ?? value, metadata: match?.[2] };
}
