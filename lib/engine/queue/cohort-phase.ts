import { invariant } from '../invariant.js';
import type { Lease } from '../lease/lease.js';
import type { Timer } from '../time/clock.js';
import type { Asking } from './asking.js';
import type { Relaying } from './relaying.js';
import type { Tenure } from './tenure.js';

/** No caller of this process wants the key. */
export interface Idle {
  readonly name: 'idle';
}

/** Callers wait until the cohort asks again: when it is woken or, at the latest, when the timer rings. */
export interface Resting {
  readonly name: 'resting';
  readonly timer: Timer;
}

/** A caller has the key; others may wait for it. */
export interface Held {
  readonly name: 'held';
  readonly tenure: Tenure;
}

/**
 * What the cohort does now, with what belongs to that. Each phase is an object of its own, except that `held` goes on from caller to caller: so an answer
 * that comes for a phase which is over is told by the object.
 */
export type Phase = Idle | Asking | Resting | Held | Relaying;

export const IDLE: Idle = { name: 'idle' };

/** What this process has of the key in that phase. */
export function tenureOf(phase: Phase): Tenure | undefined {
  return phase.name === 'held' || phase.name === 'relaying' ? phase.tenure : undefined;
}

/** What this process has of the key, whose lease has just come back or is just over. */
export function tenureWith(lease: Lease, phase: Phase): Tenure {
  const tenure = tenureOf(phase);
  invariant(tenure?.lease === lease, 'a lease that is not over is that of its cohort');
  return tenure;
}
