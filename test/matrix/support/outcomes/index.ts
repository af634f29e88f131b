import { ELSEWHERE, FREE, THROWS } from './free.js';
import { ALIASED, KEPT } from './kept.js';
import { LOST, REJECTED } from './lost.js';
import type { Outcome } from './outcome.js';
import { BUSY, DOWN, SKIPPED } from './refused.js';

export const OUTCOMES: readonly Outcome[] = [
  FREE,
  ELSEWHERE,
  THROWS,
  BUSY,
  SKIPPED,
  KEPT,
  ALIASED,
  LOST,
  REJECTED,
  DOWN,
];
