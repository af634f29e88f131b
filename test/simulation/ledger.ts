/** The life of one value of one key on the server. */
export interface Life {
  readonly key: string;
  readonly value: string;
  /** The instant of true time at which its lease ends, if nobody takes it away. */
  until: number;
  /** Length of that lease in milliseconds. */
  ttl: number;
  /** When somebody took it away who had no right to. */
  disturbedAt: number | undefined;
}

/** A block of fencing tokens, and for whom it was made. */
export interface Block {
  readonly first: number;
  readonly last: number;
  readonly value: string;
  readonly at: number;
}

/** What really happened on the server, for those who judge. */
export class Ledger {
  readonly #lives = new Map<string, Life>();
  readonly #blocks = new Map<string, Block[]>();
  readonly #disturbedAt = new Map<string, number>();
  /** Those that somebody took away who had no right to. */
  readonly #disturbed: Life[] = [];

  start(key: string, value: string, until: number, ttl: number): void {
    const name = `${key} ${value}`;
    const life = this.#lives.get(name);
    if (life === undefined) this.#lives.set(name, { key, value, until, ttl, disturbedAt: undefined });
    else Object.assign(life, { until, ttl, disturbedAt: undefined });
  }

  disturb(key: string, value: string | undefined, at: number): void {
    this.#disturbedAt.set(key, at);
    const life = value === undefined ? undefined : this.#lives.get(`${key} ${value}`);
    if (life === undefined) return;
    life.disturbedAt = at;
    this.#disturbed.push(life);
  }

  mint(key: string, block: Block): void {
    const blocks = this.#blocks.get(key);
    if (blocks === undefined) this.#blocks.set(key, [block]);
    else blocks.push(block);
  }

  life(key: string, value: string): Life | undefined {
    return this.#lives.get(`${key} ${value}`);
  }

  /** For whom the token was made, if it was made for this key. */
  blockOf(key: string, token: number): Block | undefined {
    return this.#blocks.get(key)?.findLast(({ first, last }) => first <= token && token <= last);
  }

  /** Whether the key was taken away from a value of this owner whose lease would not be over yet: it may not know. */
  isMissed(key: string, owner: string, at: number): boolean {
    return this.#disturbed.some(
      (life) => life.key === key && life.disturbedAt !== undefined && life.until >= at && life.value.startsWith(owner),
    );
  }

  /** When the key was last taken away from somebody, or its data lost. */
  disturbedAt(key: string): number {
    return this.#disturbedAt.get(key) ?? -Infinity;
  }
}
