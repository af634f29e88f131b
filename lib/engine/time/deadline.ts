import { StoreFailure } from '../lock-store.interface.js';
import type { Clock } from './clock.js';

/** What becomes of work with a deadline: one of the first two, once. */
export interface WorkEnd<T> {
  onDone(result: T): void;
  /** It failed, or took too long: then its outcome is unknown. */
  onFailed(failure: StoreFailure): void;
  /** It came to its end, whatever that was, after it took too long. */
  onLate?(): void;
}

/**
 * Gives `work` `ms` milliseconds: whatever the client does with a command, the engine goes on. A reply that has come when they are over counts, also when
 * the event loop was too busy to read it: its deadline is for the server, not for this process.
 */
export function withDeadline<T>(clock: Clock, ms: number, work: Promise<T>, end: WorkEnd<T>): void {
  let state: 'waiting' | 'settled' | 'late' = 'waiting';
  const giveUp = (): void => {
    if (state !== 'waiting') return;
    state = 'late';
    end.onFailed(tooLate(`Redis did not answer within ${ms} ms`));
  };
  const timer = clock.setTimer(ms, () => clock.afterReads(giveUp), 'process');
  work.then(
    (result) => {
      if (state === 'late') return end.onLate?.();
      state = 'settled';
      clock.clearTimer(timer);
      end.onDone(result);
    },
    (error: unknown) => {
      if (state === 'late') return end.onLate?.();
      state = 'settled';
      clock.clearTimer(timer);
      end.onFailed(asStoreFailure(error));
    },
  );
}

/** Settles as `work` does, or after `ms` milliseconds rejects with an unknown outcome. */
export function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => withDeadline(clock, ms, work, { onDone: resolve, onFailed: reject }));
}

/** No answer, or one that is worth nothing any more: what Redis holds is unknown. */
export function tooLate(message: string): StoreFailure {
  return new StoreFailure(message, { transient: true, applied: 'unknown' });
}

/** A store that breaks its contract is an unknown outcome, not a crash. */
export function asStoreFailure(error: unknown): StoreFailure {
  if (error instanceof StoreFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StoreFailure(message, { transient: false, applied: 'unknown', cause: error });
}
