import type { GiveBacks } from '../lease/give-backs.js';
import type { QuantumTerms } from './quantum.js';
import type { OrphanSweeper } from '../lease/orphan-sweeper.js';
import type { WaiterContext } from './waiter.js';
import type { WakeUps } from './wake-ups.js';

/** What the cohorts of one engine share. */
export interface CohortContext extends WaiterContext {
  readonly random: () => number;
  readonly sweeper: OrphanSweeper;
  readonly giveBacks: GiveBacks;
  readonly wakeUps: WakeUps;
  readonly maxWaiters: number;
  readonly quantum: QuantumTerms;
  /** Nobody holds or waits any more: the cohort can be forgotten. */
  readonly onIdle: (key: string) => void;
}
