import type { ArgumentsHost } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { LockNotAcquiredError } from '../../errors/lock-not-acquired.error.js';

/** What Express' response and Node's own have in common. */
export interface NodeResponse {
  readonly destroyed: boolean;
  readonly headersSent: boolean;
  once(event: 'close', listener: () => void): unknown;
  off(event: 'close', listener: () => void): unknown;
}

/** Fastify keeps Node's response as `raw`. */
export type HttpResponse = (Partial<NodeResponse> & { readonly raw?: NodeResponse }) | null | undefined;

export function nodeResponse(response: HttpResponse): NodeResponse | undefined {
  // In this order: what Express' response does not have is looked for in all of its prototypes, in each request.
  if (typeof response?.once === 'function') return response as NodeResponse;
  return typeof response?.raw?.once === 'function' ? response.raw : undefined;
}

/** Whether the handler answers an HTTP client; packages also call handlers in a context that only says so. */
export function hasClient(context: ArgumentsHost): boolean {
  return responseOf(context) !== undefined;
}

/** Whether the answer to the HTTP client has begun: its status and headers are sent. */
export function isAnswered(context: ArgumentsHost): boolean {
  return responseOf(context)?.headersSent === true;
}

/** Tells the client when to come back, where that is known. */
export function setRetryAfter(context: ArgumentsHost, { httpAdapter }: HttpAdapterHost, error: unknown): void {
  if (!(error instanceof LockNotAcquiredError) || responseOf(context)?.headersSent !== false) return;
  const { retryAfterMs } = error;
  if (retryAfterMs === undefined || retryAfterMs === Infinity) return;
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000));
  httpAdapter.setHeader(context.switchToHttp().getResponse(), 'Retry-After', String(seconds));
}

function responseOf(context: ArgumentsHost): NodeResponse | undefined {
  return context.getType() === 'http' ? nodeResponse(context.switchToHttp().getResponse<HttpResponse>()) : undefined;
}
