import { HttpException, HttpStatus, type ArgumentsHost } from '@nestjs/common';
import { hide, markAs, RedisLockError, type RedisLockErrorCode } from '../../errors/redis-lock.error.js';
import { LockLogger } from '../../redis-lock.logger.js';
import { grpcAnswer, grpcCallOf, GrpcStatus, rawCallOf, type GrpcAnswer } from './grpc-call.js';

interface Answer {
  readonly status: HttpStatus;
  readonly error: string;
  readonly grpc: GrpcStatus;
  readonly message: string;
}

const BAD_REQUEST = { status: HttpStatus.BAD_REQUEST, error: 'Bad Request', grpc: GrpcStatus.INVALID_ARGUMENT };
const CONFLICT = { status: HttpStatus.CONFLICT, error: 'Conflict', grpc: GrpcStatus.ABORTED };
const UNAVAILABLE = {
  status: HttpStatus.SERVICE_UNAVAILABLE,
  error: 'Service Unavailable',
  grpc: GrpcStatus.UNAVAILABLE,
};
/** The codes of mistakes of the app, which no client can cause or mend: clients get what Nest answers for errors that it does not know. */
const BUG = {
  status: HttpStatus.INTERNAL_SERVER_ERROR,
  error: 'Internal Server Error',
  grpc: GrpcStatus.INTERNAL,
  message: 'Internal server error',
};

/** What clients are told. Nothing here names a key: keys are made from other clients' data, too. */
export const ANSWERS: Readonly<Record<RedisLockErrorCode, Answer>> = {
  LOCK_NOT_ACQUIRED: { ...CONFLICT, message: 'The resource is in use by another request. Try again later.' },
  LOCK_KEY: { ...BAD_REQUEST, message: 'The request lacks what names the resource, or it is not valid.' },
  LOCK_QUEUE_FULL: { ...UNAVAILABLE, message: 'Too many requests wait for the resource. Try again later.' },
  LOCK_BACKEND: { ...UNAVAILABLE, message: 'The resource cannot be locked at the moment. Try again later.' },
  LOCK_LOST: { ...UNAVAILABLE, message: 'The lock on the resource was lost. Look at its state before you try again.' },
  LOCK_CLOSED: { ...UNAVAILABLE, message: 'The server is shutting down. Try again later.' },
  LOCK_REENTRY: BUG,
  LOCK_NOT_HELD: BUG,
  LOCK_OPTIONS: BUG,
};

/** What a client of a microservice or a WebSocket gets. */
export interface MessageAnswer {
  readonly status: 'error';
  readonly code: RedisLockErrorCode;
  readonly message: string;
}

type ExceptionClass = new (payload: object) => Error;

/** The mark of exceptions that stand for a lock error in a transport; a registered symbol, because another copy of the package may have made them. */
const ANSWERED = Symbol.for('nestjs-redis-lock:answered');
const logger = new LockLogger();

/** Whether an error is one of this package, and not yet in the form of a transport. */
export function isUnanswered(error: unknown): error is RedisLockError {
  return error instanceof RedisLockError && !(ANSWERED in error);
}

/**
 * A lock error in the form of the transport: an exception of its own for microservices and WebSockets, else an `HttpException`, which GraphQL
 * understands too. It is `instanceof` the lock error it stands for as well, so that `@Catch(LockNotAcquiredError)` finds it, and has its fields.
 * Any other error is returned as it is, and so is a lock error when the app has no such exception.
 */
export async function toTransportError(type: string, error: unknown, host?: ArgumentsHost): Promise<unknown> {
  if (!isUnanswered(error)) return error;
  if (type !== 'rpc' && type !== 'ws') return toHttpError(type, error);
  // Left to the filter: Nest would throw the exception where no code catches it.
  if (type === 'rpc' && rawCallOf(host) !== undefined) return error;
  const Exception = await exceptionClass(type);
  if (Exception === undefined) return error;
  reportRefusal(error);
  return standIn(new Exception(type === 'rpc' ? rpcAnswer(error, host) : messageAnswer(error)), error);
}

/** As `toTransportError()`, for HTTP and GraphQL. */
export function toHttpError(type: string, error: RedisLockError): HttpException {
  reportRefusal(error);
  const { code } = error;
  const { status, error: title, message } = ANSWERS[code];
  const body = { statusCode: status, error: title, message, code };
  const exception = new HttpException(body, status);
  // All implementations of GraphQL send these; Apollo's driver puts the same `originalError` there, and a `code` of its own.
  if (type === 'graphql') Object.assign(exception, { extensions: { code, status, originalError: body } });
  return standIn(exception, error);
}

export function messageAnswer({ code }: RedisLockError): MessageAnswer {
  return { status: 'error', code, message: ANSWERS[code].message };
}

/** The answer of a microservice. */
export function rpcAnswer(error: RedisLockError, host: ArgumentsHost | undefined): MessageAnswer | GrpcAnswer {
  const call = grpcCallOf(host);
  if (call === undefined) return messageAnswer(error);
  const { grpc, message } = ANSWERS[error.code];
  return grpcAnswer(call, grpc, error.code, message);
}

/** Logs what Nest does not: errors that are answered in the form of a transport. */
export function reportRefusal(error: RedisLockError): void {
  logger.refused(error, ANSWERS[error.code].status === HttpStatus.INTERNAL_SERVER_ERROR);
}

/** Makes an exception stand for a lock error. `key` and `cause` are not enumerable: a filter that serialises exceptions would send them to the client. */
function standIn<T extends Error>(exception: T, error: RedisLockError): T {
  const { code, key, waitedMs, retryAfterMs, reason } = error as RedisLockError & Record<string, unknown>;
  markAs(exception, code);
  hide(exception, { key, cause: error, [ANSWERED]: true });
  return Object.assign(exception, { code, waitedMs, retryAfterMs, reason });
}

/**
 * Loads the exception of an optional package, which every app has that handles such messages. The name is a literal, so that bundlers find it, inside a `try`, so that they do
 * not complain when it is missing.
 */
async function exceptionClass(type: 'rpc' | 'ws'): Promise<ExceptionClass | undefined> {
  try {
    return type === 'rpc'
      ? (await import('@nestjs/microservices')).RpcException
      : (await import('@nestjs/websockets')).WsException;
  } catch {
    return undefined;
  }
}

/** What is thrown when the client of the request went away while it waited: no client reads it. */
export function clientGone(): HttpException {
  // nginx logs this as 499; a status of its own keeps it out of the counts of real answers.
  return new HttpException('The client closed the request.', 499);
}
