import type { GiveBacks } from '../lease/give-backs.js';
import type { QuantumTerms } from './quantum.js';
import type { WaiterContext } from './waiter.js';
import type { QueueContext } from './waiter-queue.js';
import type { WakeUps } from './wake-ups.js';

/** What the cohorts of one engine share. */
export interface CohortContext extends WaiterContext, QueueContext {
  readonly random: () => number;
  readonly giveBacks: GiveBacks;
  readonly wakeUps: WakeUps;
  readonly quantum: QuantumTerms;
  /** No caller holds the key or waits for it any more: the cohort can be forgotten. */
  readonly onIdle: (key: string) => void;
}
