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

/** Where the exceptions of the other transports come from: optional packages that whoever handles their messages has. */
const EXCEPTIONS: Partial<Record<string, { readonly from: string; readonly name: string }>> = {
  rpc: { from: '@nestjs/microservices', name: 'RpcException' },
  ws: { from: '@nestjs/websockets', name: 'WsException' },
};

type ExceptionClass = new (payload: object) => Error;

/**
 * A lock error in the form of the transport: an exception of its own for microservices and WebSockets, else an `HttpException`, which GraphQL
 * understands too. It is `instanceof` the lock error it stands for as well, so that `@Catch(LockNotAcquiredError)` finds it, and has its fields. An
 * error that no client can cause or mend stays what it is.
 */
export async function toTransportError(type: string, error: unknown): Promise<unknown> {
  const answer = error instanceof RedisLockError ? ANSWERS[error.code] : undefined;
  if (answer === undefined) return error;
  const cause = error as RedisLockError & Record<string, unknown>;
  const exception = await toException(type, answer, cause);
  const { code, key, waitedMs, retryAfterMs, reason } = cause;
  markAs(exception, code);
  return Object.assign(exception, { code, key, waitedMs, retryAfterMs, reason, cause });
}

async function toException(type: string, { status, error, message }: Answer, cause: RedisLockError): Promise<Error> {
  const { code } = cause;
  const Exception = await exceptionClass(type);
  if (Exception !== undefined) return new Exception({ status: 'error', code, message });
  return new HttpException({ statusCode: status, error, message, code }, status, { cause });
}

async function exceptionClass(type: string): Promise<ExceptionClass | undefined> {
  const source = EXCEPTIONS[type];
  if (source === undefined) return undefined;
  try {
    // eslint-disable-next-line no-restricted-syntax -- optional packages of the app: a literal would have to be installed to compile
    const exports = (await import(source.from)) as Record<string, ExceptionClass | undefined>;
    return exports[source.name];
  } catch {
    return undefined;
  }
}

/** The client of the request went away while it waited: whatever is thrown, nobody reads it. */
export function clientGone(): HttpException {
  // 499 is what nginx logs for it; a status of its own keeps it out of the counts of real answers.
  return new HttpException('The client closed the request.', 499);
}
