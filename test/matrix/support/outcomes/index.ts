import { FREE, THROWS } from './free.js';
import { KEPT } from './kept.js';
import { LOST, REJECTED } from './lost.js';
import type { Outcome } from './outcome.js';
import { BUSY, DOWN, SKIPPED } from './refused.js';

export const OUTCOMES: readonly Outcome[] = [FREE, THROWS, BUSY, SKIPPED, KEPT, LOST, REJECTED, DOWN];
