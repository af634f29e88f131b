import type { AcquireTerms } from '../../lib/engine/lock-engine.js';
import type { LockHandle } from '../../lib/engine/lock/lock-handle.js';
import type { SimulatedProcess } from './simulated-process.js';

/** What must hold: each is explained in simulation.spec.ts. */
export type Invariant =
  | 'exclusion'
  | 'fencing'
  | 'patience'
  | 'fairness'
  | 'told in time'
  | 'nothing left'
  | 'liveness'
  | 'no false alarm'
  | 'no crash';

export interface Fault {
  readonly invariant: Invariant;
  readonly what: string;
}

/** A lock that its caller has not released. */
export interface Holding {
  readonly process: SimulatedProcess;
  readonly lock: LockHandle;
  readonly terms: AcquireTerms;
  readonly grantedAt: number;
  isTold: boolean;
}

/** What a caller waits for. */
export interface Wish {
  readonly process: SimulatedProcess;
  readonly what: string;
  /** Milliseconds that it takes at most. */
  readonly limit: number;
  /** The one key that it wants, if it is one. */
  readonly key?: string | undefined;
  /** What is broken when it takes longer; `patience` if not given. */
  readonly invariant?: Invariant;
}

/** A caller that waits for something. */
export interface Waiting extends Wish {
  limit: number;
  /** True time. */
  readonly begin: number;
  /** On the clock of the process. */
  readonly since: number;
  readonly blockedBefore: number;
}

/** Timers that ring late, and the rounding of milliseconds. */
export const TOLERANCE_MS = 10;
