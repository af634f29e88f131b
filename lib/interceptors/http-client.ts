import type { ExecutionContext } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { LockNotAcquiredError } from '../errors/lock-not-acquired.error.js';

/** What Express' response and Node's own have in common; Fastify keeps Node's as `raw`. */
interface NodeResponse {
  readonly destroyed: boolean;
  readonly headersSent: boolean;
  once(event: 'close', listener: () => void): unknown;
  off(event: 'close', listener: () => void): unknown;
}

function nodeResponse(execution: ExecutionContext): NodeResponse | undefined {
  if (execution.getType() !== 'http') return undefined;
  const response = execution.switchToHttp().getResponse<(Partial<NodeResponse> & { readonly raw?: NodeResponse }) | null | undefined>();
  const raw = response?.raw ?? response;
  return typeof raw?.once === 'function' ? (raw as NodeResponse) : undefined;
}

/** Whether the handler answers an HTTP client; packages also call handlers in a context that only says so. */
export function hasClient(execution: ExecutionContext): boolean {
  return nodeResponse(execution) !== undefined;
}

/** Calls back once when the connection to the client closes. Returns what stops the listening. */
export function onClientClose(execution: ExecutionContext, callback: () => void): () => void {
  const response = nodeResponse(execution);
  if (response === undefined) return () => undefined;
  if (response.destroyed) {
    callback();
    return () => undefined;
  }
  response.once('close', callback);
  return () => response.off('close', callback);
}

/** Tells the client when to come back, where that is known. */
export function setRetryAfter(execution: ExecutionContext, host: HttpAdapterHost, error: unknown): void {
  if (!(error instanceof LockNotAcquiredError) || nodeResponse(execution)?.headersSent !== false) return;
  const { retryAfterMs } = error;
  if (retryAfterMs === undefined || retryAfterMs === Infinity) return;
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000));
  host.httpAdapter.setHeader(execution.switchToHttp().getResponse(), 'Retry-After', String(seconds));
}
