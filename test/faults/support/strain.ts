const STEP_MS = 10;

/** How much time was lost, because a fault or a busy machine stopped this process. */
export interface Strain {
  /** The longest that this process could do nothing, in milliseconds. */
  readonly stalled: number;
  /** How much longer than meant the fault lasted, in milliseconds. */
  overran: number;
  stop(): void;
}

export function watchStrain(): Strain {
  let last = performance.now();
  let stalled = 0;
  const look = (): void => {
    const now = performance.now();
    stalled = Math.max(stalled, now - last - STEP_MS);
    last = now;
  };
  const timer = setInterval(look, STEP_MS);
  return {
    get stalled() {
      look();
      return stalled;
    },
    overran: 0,
    stop: () => clearInterval(timer),
  };
}
