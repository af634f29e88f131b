import { expect } from '@jest/globals';
import { HttpException } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import { WsException } from '@nestjs/websockets';
import { LockBackendError, LockLostError, LockNotAcquiredError, type RedisLockErrorCode } from 'nestjs-redis-lock';
import type { Cell } from './cell.js';

export type Code = Extract<RedisLockErrorCode, 'LOCK_NOT_ACQUIRED' | 'LOCK_LOST' | 'LOCK_BACKEND'>;

/** How a caller is told of errors: ours, and those of the method. */
export interface Form {
  /** Whether what it tells leaves the process, so that no key may be in it. */
  readonly isPublic: boolean;
  tells(told: unknown, code: Code, cell: Cell): void;
  /** An error that a method of this kind would throw. */
  ownError(): Error;
  tellsOwn(told: unknown, error: Error): void;
}

const message: unknown = expect.any(String);
const OWN_HTTP = { statusCode: 410, message: 'its own' };
const OWN = { status: 'error', own: 'as it was' };
const STATUS: Readonly<Record<Code, number>> = { LOCK_NOT_ACQUIRED: 409, LOCK_LOST: 503, LOCK_BACKEND: 503 };
const CLASSES = { LOCK_NOT_ACQUIRED: LockNotAcquiredError, LOCK_LOST: LockLostError, LOCK_BACKEND: LockBackendError };
const TEXTS: Readonly<Record<Code, RegExp>> = {
  LOCK_NOT_ACQUIRED: /is busy/,
  LOCK_LOST: /was lost/,
  LOCK_BACKEND: /could not be asked for/,
};

export const HTTP: Form = {
  isPublic: true,
  tells: (told, code) => {
    expect(told).toEqual({
      status: STATUS[code],
      retryAfter: null,
      body: { statusCode: STATUS[code], error: message, message, code },
    });
  },
  ownError: () => new HttpException(OWN_HTTP, 410),
  tellsOwn: (told) => expect(told).toEqual({ status: 410, retryAfter: null, body: OWN_HTTP }),
};

export const RPC: Form = {
  isPublic: true,
  tells: (told, code) => expect(told).toEqual({ status: 'error', code, message }),
  ownError: () => new RpcException(OWN),
  tellsOwn: (told) => expect(told).toEqual(OWN),
};

/** Nobody is told but the log: what a client would have been. */
export const RPC_LOG: Form = {
  isPublic: false,
  tells: (told, code, cell) => {
    expect(told).toBeInstanceOf(RpcException);
    RPC.tells((told as RpcException).getError(), code, cell);
  },
  ownError: () => new RpcException(OWN),
  tellsOwn: (told, error) => expect(told).toBe(error),
};

export const WS: Form = {
  isPublic: true,
  tells: (told, code) => expect(told).toEqual({ event: 'exception', data: { status: 'error', code, message } }),
  ownError: () => new WsException(OWN),
  tellsOwn: (told) => expect(told).toEqual({ event: 'exception', data: OWN }),
};

export const GRAPHQL: Form = {
  isPublic: true,
  tells: (told, code) => {
    const originalError = { statusCode: STATUS[code], error: message, message, code };
    expect(told).toMatchObject([{ message, extensions: { originalError } }]);
  },
  ownError: () => new HttpException(OWN_HTTP, 410),
  tellsOwn: (told) => expect(told).toMatchObject([{ message: 'its own', extensions: { originalError: OWN_HTTP } }]),
};

/** The error itself, for code of the same process. */
export const THROWN: Form = {
  isPublic: false,
  tells: (told, code, { keys }) => {
    expect(told).toBeInstanceOf(CLASSES[code]);
    expect(told).toMatchObject({ code });
    expect(keys).toContain((told as LockLostError).key);
  },
  ownError: () => new Error('its own'),
  tellsOwn: (told, error) => expect(told).toBe(error),
};

/** The text of the error, in the log. */
export const TEXT: Form = {
  isPublic: false,
  tells: (told, code, { key }) => {
    expect(told).toMatch(TEXTS[code]);
    expect(told).toContain(`"${key}"`);
  },
  ownError: () => new Error('its own'),
  tellsOwn: (told) => expect(told).toBe('its own'),
};
