/** Writes down what happens; none where nobody reads it. */
export type Log = (who: string, what: string) => void;

const OWNER = /\S+:\d+:([a-z0-9]+)#([a-z0-9]+)/g;

/** The last events of a world, readable: `p1.3` is the third value of process 1. */
export class Trace {
  readonly #lines: string[] = [];
  readonly #instances: string[] = [];

  constructor(private readonly now: () => number) {}

  readonly log: Log = (who, what) => {
    const text = what.replace(OWNER, (_, instance: string, count: string) => `#${this.#indexOf(instance)}.${count}`);
    this.#lines.push(`${this.now().toFixed(1).padStart(9)}  ${who.padEnd(7)} ${text}`);
  };

  get lines(): readonly string[] {
    return this.#lines;
  }

  #indexOf(instance: string): number {
    const index = this.#instances.indexOf(instance);
    return index === -1 ? this.#instances.push(instance) : index + 1;
  }
}
