import type { ArgumentsHost } from '@nestjs/common';
import type { RedisLockErrorCode } from '../../errors/redis-lock.error.js';

/** What a client of gRPC may do next, by the numbers of its statuses. Source: https://grpc.io/docs/guides/status-codes/ */
export enum GrpcStatus {
  INVALID_ARGUMENT = 3,
  ABORTED = 10,
  INTERNAL = 13,
  UNAVAILABLE = 14,
}

/** Where clients find the code of ours. */
const CODE_KEY = 'lock-code';

interface Metadata {
  set(key: string, value: string): void;
}

/** What we need of a call of @grpc/grpc-js, which is told by its shape: the package belongs to the app. */
export interface GrpcCall {
  readonly cancelled: boolean;
  readonly metadata: Metadata & { readonly constructor: new () => Metadata };
  sendMetadata(metadata: unknown): void;
  on(event: 'cancelled', listener: () => void): unknown;
  off(event: 'cancelled', listener: () => void): unknown;
  emit(event: 'error', answer: GrpcAnswer): unknown;
}

/** The answer of a microservice by gRPC, which the server reads from an error. */
export interface GrpcAnswer {
  readonly code: GrpcStatus;
  readonly message: string;
  readonly metadata: object;
}

/** The call that a handler of a microservice answers, if it came by gRPC: the third argument, or the first of a handler that gets the call itself. */
export function grpcCallOf(host: ArgumentsHost | undefined): GrpcCall | undefined {
  const call = host?.getArgByIndex<unknown>(2);
  return isGrpcCall(call) ? call : rawCallOf(host);
}

/** That of a handler which gets the call itself (`@GrpcStreamCall()`) and answers by it: from what such a handler returns, an error reaches nobody. */
export function rawCallOf(host: ArgumentsHost | undefined): GrpcCall | undefined {
  const call = host?.getArgByIndex<unknown>(0);
  return isGrpcCall(call) ? call : undefined;
}

export function grpcAnswer(
  { metadata }: GrpcCall,
  status: GrpcStatus,
  code: RedisLockErrorCode,
  message: string,
): GrpcAnswer {
  const told = new metadata.constructor();
  told.set(CODE_KEY, code);
  return { code: status, message, metadata: told };
}

/** As a connection that closes: `destroyed`, and the event `close`. */
export function cancellationOf(call: GrpcCall): {
  readonly destroyed: boolean;
  once(event: 'close', listener: () => void): unknown;
  off(event: 'close', listener: () => void): unknown;
} {
  return {
    destroyed: call.cancelled,
    once: (_close, listener) => call.on('cancelled', listener),
    off: (_close, listener) => call.off('cancelled', listener),
  };
}

function isGrpcCall(value: unknown): value is GrpcCall {
  if (typeof value !== 'object' || value === null) return false;
  const call = value as Partial<GrpcCall>;
  return (
    typeof call.sendMetadata === 'function' && typeof call.on === 'function' && typeof call.metadata?.set === 'function'
  );
}
