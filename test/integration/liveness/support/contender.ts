import { runProgram, type RunningProgram } from '../../../support/run-program.js';

export interface ContenderSettings {
  readonly key?: string;
  /** How many want the lock at once, each again and again. */
  readonly callers?: number;
  readonly holdMs?: number;
  readonly times?: number;
  readonly wait?: number;
  readonly ttl?: number;
}

/** An app in a process of its own whose callers want one lock. */
export interface Contender extends RunningProgram {
  /** How many locks it got. */
  readonly got: number;
  /** The codes of what went wrong. */
  readonly failures: readonly string[];
}

/** Resolves when it has started to ask. Whoever starts it kills it. */
export async function startContender(
  url: string,
  { key = 'a', callers = 1, holdMs = 5, times = Infinity, wait = 10_000, ttl = 30_000 }: ContenderSettings = {},
): Promise<Contender> {
  const settings = { KEY: key, CALLERS: callers, HOLD_MS: holdMs, TIMES: times, WAIT: wait, TTL: ttl };
  const env = Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]));
  const program = runProgram('integration/programs/contender.ts', { ...env, URL: url });
  await program.printed(/ready/);
  return {
    ...program,
    get got() {
      return program.output().split('+').length - 1;
    },
    get failures() {
      return program.output().match(/^[A-Z]+_[A-Z_]+$/gmu) ?? [];
    },
  };
}
