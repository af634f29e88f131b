import { HttpException, HttpStatus } from '@nestjs/common';
import { markAs, RedisLockError, type RedisLockErrorCode } from '../errors/redis-lock.error.js';

interface Answer {
  readonly status: HttpStatus;
  readonly error: string;
  readonly message: string;
}

/** What clients are told. Nothing here names a key: keys are made from other clients' data, too. */
const ANSWERS: Partial<Record<RedisLockErrorCode, Answer>> = {
  LOCK_NOT_ACQUIRED: { status: HttpStatus.CONFLICT, error: 'Conflict', message: 'The resource is in use by another request. Try again later.' },
  LOCK_KEY: { status: HttpStatus.BAD_REQUEST, error: 'Bad Request', message: 'The request lacks what names the resource, or it is not valid.' },
  LOCK_QUEUE_FULL: { status: HttpStatus.SERVICE_UNAVAILABLE, error: 'Service Unavailable', message: 'Too many requests wait for the resource. Try again later.' },
  LOCK_BACKEND: { status: HttpStatus.SERVICE_UNAVAILABLE, error: 'Service Unavailable', message: 'The resource cannot be locked at the moment. Try again later.' },
  LOCK_LOST: { status: HttpStatus.SERVICE_UNAVAILABLE, error: 'Service Unavailable', message: 'The lock on the resource was lost. Look at its state before you try again.' },
  LOCK_CLOSED: { status: HttpStatus.SERVICE_UNAVAILABLE, error: 'Service Unavailable', message: 'The server is shutting down. Try again later.' },
};

/**
 * A lock error as HTTP answers it. `instanceof` the lock error it stands for, too, so that `@Catch(LockNotAcquiredError)` finds it, and with
 * that error's fields.
 */
class LockHttpException extends HttpException {
  constructor({ status, error, message }: Answer, cause: RedisLockError) {
    const { code } = cause;
    super({ statusCode: status, error, message, code }, status, { cause });
    markAs(this, code);
    const { key, waitedMs, retryAfterMs, reason } = cause as RedisLockError & Record<string, unknown>;
    Object.assign(this, { code, key, waitedMs, retryAfterMs, reason });
  }
}

/** The exception for the error's HTTP answer; an error that no client can cause or mend stays what it is. */
export function toHttpError(error: unknown): unknown {
  const answer = error instanceof RedisLockError ? ANSWERS[error.code] : undefined;
  return answer === undefined ? error : new LockHttpException(answer, error as RedisLockError);
}

/** The client of the request went away while it waited: whatever is thrown, nobody reads it. */
export function clientGone(): HttpException {
  // 499 is what nginx logs for it; a status of its own keeps it out of the counts of real answers.
  return new HttpException('The client closed the request.', 499);
}
