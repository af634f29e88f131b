import { registerClass, RedisLockError, type RedisLockErrorInit } from './redis-lock.error.js';

/**
 * Why a lock was lost: its lease ended (`expired`), another owner is in its place (`stolen`), an operator released it (`forced`), Redis could
 * not be reached in time to renew it (`unreachable`), `maxHold` is over (`maxHold`), or the app shut down and the grace ended (`shutdown`).
 *
 * @publicApi
 */
export type LockLostReason = 'expired' | 'stolen' | 'forced' | 'unreachable' | 'maxHold' | 'shutdown';

const EXPLANATION: Record<LockLostReason, string> = {
  expired:
    'its lease ended before it was renewed or released; renew is off, or this process stood still for longer than ttl',
  stolen: 'another owner is in its place',
  forced: 'it was released by force',
  unreachable: 'Redis could not be reached in time to renew it',
  maxHold: 'it was held for maxHold',
  shutdown: 'the application shut down and the grace for holders ended',
};

/** What a `LockLostError` is made of. */
export interface LockLostInit extends RedisLockErrorInit {
  readonly key: string;
  readonly reason: LockLostReason;
}

/**
 * The holder may no longer assume that it is alone. It is the reason of `lock.signal`, and what `extend()` and `assertLocked()` throw.
 *
 * @publicApi
 */
export class LockLostError extends RedisLockError {
  static override readonly code = 'LOCK_LOST';
  static {
    registerClass(this);
  }

  readonly code = LockLostError.code;

  /** Why, for programs; the message says it for people. */
  readonly reason: LockLostReason;

  /** For tests and other implementations of a lock; the library throws its own. */
  constructor({ reason, ...init }: LockLostInit) {
    super('LockLostError', LockLostError.code, `Lock "${init.key}" was lost: ${EXPLANATION[reason]}.`, init);
    this.reason = reason;
  }
}
