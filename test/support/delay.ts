import { setTimeout } from 'node:timers';
import { Redis } from 'ioredis';

const STEP_MS = 10;
/** What a step takes at most on a machine that does nothing else. */
const USUAL_MS = 13;

/**
 * How much time machine and server take away. Short steps follow one another: a timer, and a PING over a connection of its own. What a step
 * takes beyond the usual is lost for whatever runs beside it too; while the machine is at work nothing is lost, however long a test waits.
 */
export interface Delay {
  /** Milliseconds that were lost since `from`, which is a time of `performance.now()`. */
  lost(from: number): number;
  /** `ms`, and what was lost since `from`. */
  limit(ms: number, from: number): number;
  /** Milliseconds that the slowest step lost. */
  readonly longest: number;
  /** From now on a server that does not answer excuses nothing: the test makes it so. `true` ends that. */
  askServer(isAsked: boolean): void;
  stop(): void;
}

/** Without a url no server is asked, and what counts is this process alone. */
export function watchDelay(url?: string): Delay {
  const losses: { readonly at: number; readonly ms: number }[] = [];
  const server = url === undefined ? undefined : new Probe(url);
  let begin = performance.now();
  let longest = 0;
  let isStopped = false;
  const overrun = (): number => Math.max(0, performance.now() - begin - USUAL_MS);
  const endStep = (): void => {
    const ms = overrun();
    const at = performance.now();
    if (ms > 0) losses.push({ at, ms });
    longest = Math.max(longest, ms);
    begin = at;
  };
  let timer: NodeJS.Timeout;
  const nextStep = (): void => {
    timer = setTimeout(() => {
      const end = (): void => {
        if (isStopped) return;
        endStep();
        nextStep();
      };
      if (server === undefined) end();
      else void server.ping().then(end);
    }, STEP_MS);
  };
  nextStep();
  const lost = (from: number): number => {
    let total = Math.min(overrun(), Math.max(0, performance.now() - from));
    for (let index = losses.length - 1; index >= 0; index -= 1) {
      const { at, ms } = losses[index] as (typeof losses)[0];
      if (at <= from) break;
      total += Math.min(ms, at - from);
    }
    return total;
  };
  return {
    lost,
    limit: (ms, from) => ms + lost(from),
    get longest() {
      return Math.max(longest, overrun());
    },
    askServer: (isAsked) => server?.ask(isAsked),
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
      server?.close();
    },
  };
}

/** Asks a server whether it is there, unless it is not to be asked. */
class Probe {
  readonly #client: Redis;
  #isAsked = true;
  #giveUp: () => void = () => undefined;

  constructor(url: string) {
    this.#client = new Redis(url, {
      enableReadyCheck: false,
      maxRetriesPerRequest: null,
      retryStrategy: () => STEP_MS,
      disconnectTimeout: STEP_MS,
    });
    this.#client.on('error', () => undefined);
  }

  /** Resolves when it has answered, or as soon as it is no longer to be asked. */
  async ping(): Promise<void> {
    if (!this.#isAsked) return;
    const isLeftOut = new Promise<void>((resolve) => (this.#giveUp = resolve));
    await Promise.race([this.#client.ping().catch(() => undefined), isLeftOut]);
  }

  ask(isAsked: boolean): void {
    this.#isAsked = isAsked;
    if (!isAsked) this.#giveUp();
  }

  close(): void {
    this.ask(false);
    this.#client.disconnect();
  }
}
