import { setTimeout as sleep } from 'node:timers/promises';
import { randomFrom } from '../random.mjs';
import { isConnectionLost } from './connection-lost.mjs';
import { FROM_OUTSIDE } from './from-outside.mjs';
import { ON_SERVER } from './on-server.mjs';
import { ON_WORKERS } from './on-workers.mjs';

/** Each runs beside the others, one fault after the other, with so many ms between them at most. */
const SOURCES = [
  { faults: ON_WORKERS, rest: 700 },
  { faults: ON_WORKERS, rest: 1_500 },
  { faults: ON_SERVER, rest: 3_000 },
  { faults: FROM_OUTSIDE, rest: 200 },
];

export class Faults {
  injected = {};
  #isOver = false;
  #context;
  #running = [];

  /** `context`: crew, server, history, keyCount. */
  constructor(context) {
    this.#context = context;
    for (const { faults } of SOURCES) for (const name of Object.keys(faults)) this.injected[name] = 0;
  }

  start(seed) {
    this.#running = SOURCES.map(({ faults, rest }, index) => this.#run(faults, rest, randomFrom(seed + 1_000 + index)));
  }

  /** Resolves when none is under way any more. */
  async stop() {
    this.#isOver = true;
    await Promise.all(this.#running);
  }

  get total() {
    return Object.values(this.injected).reduce((total, count) => total + count, 0);
  }

  async #run(faults, rest, random) {
    const weights = Object.fromEntries(Object.entries(faults).map(([name, { weight }]) => [name, weight]));
    while (!this.#isOver) {
      await sleep(random.between(0, rest));
      const name = random.weighted(weights);
      if (await this.#inject(faults[name], random)) this.injected[name] += 1;
    }
  }

  async #inject({ inject }, random) {
    try {
      return await inject({ ...this.#context, random });
    } catch (error) {
      if (!isConnectionLost(error)) this.#context.history.trouble(`fault: ${error?.stack ?? error}`);
      return false;
    }
  }
}
