export interface Figures {
  readonly locks: number;
  readonly overlaps: number;
  readonly tokenDisorder: number;
  readonly goneEarly: number;
  readonly refusedWhileHeld: number;
  readonly staleRefused: number;
  readonly orphans: number;
  readonly queues: number;
  readonly endless: number;
  readonly longestBeyond: number;
  readonly longestTry: number;
  readonly longestFree: number;
  readonly troubles: number;
  readonly stubborn: number;
}

/** What is wrong with a run; nothing, when all is well. */
export function judge(figures: Figures, seconds: number): readonly string[];
