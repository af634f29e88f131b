import { StoreFailure } from '../stores/lock-store.interface.js';
import type { Clock } from './clock.js';

/**
 * Settles as `work` does, or after `ms` milliseconds rejects with an unknown outcome: whatever the client does with the command, the engine
 * goes on. `onLate` is called when `work` settles after that, in whatever way.
 */
export function within<T>(clock: Clock, ms: number, work: Promise<T>, onLate?: () => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let isLate = false;
    const timer = clock.setTimer(
      ms,
      () => {
        isLate = true;
        reject(new StoreFailure(`Redis did not answer within ${ms} ms`, { transient: true, applied: 'unknown' }));
      },
      'process',
    );
    work.then(
      (result) => {
        if (isLate) return onLate?.();
        clock.clearTimer(timer);
        resolve(result);
      },
      (error: unknown) => {
        if (isLate) return onLate?.();
        clock.clearTimer(timer);
        reject(asStoreFailure(error));
      },
    );
  });
}

/** A store that breaks its contract is an unknown outcome, not a crash. */
export function asStoreFailure(error: unknown): StoreFailure {
  if (error instanceof StoreFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StoreFailure(message, { transient: false, applied: 'unknown', cause: error });
}
