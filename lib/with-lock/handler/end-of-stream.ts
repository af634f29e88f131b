import { finished, type Readable } from 'node:stream';
import type { ExecutionContext } from '@nestjs/common';
import { onClientClose } from './client-close.js';
import { hasClient } from './http-response.js';

/** By their shapes: there are classes of Nest, of Node, of the web, and other copies of them. */
interface StreamLike {
  /** Both, as Nest's `StreamableFile` has them: a camera may have a stream, too. */
  readonly getStream?: () => unknown;
  readonly getHeaders?: unknown;
  readonly pipe?: unknown;
  readonly on?: unknown;
  readonly getReader?: unknown;
  readonly body?: { readonly getReader?: unknown } | null;
  readonly [Symbol.asyncIterator]?: unknown;
}

/**
 * For a value that is sent after the handler has completed: resolves when it has been sent, or can no longer be. `undefined` for all others.
 */
export function endOfStream(value: unknown, execution: ExecutionContext): Promise<void> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const stream = value as StreamLike;
  const source =
    typeof stream.getStream === 'function' && typeof stream.getHeaders === 'function' ? stream.getStream() : value;
  if (isReadable(source)) return endOf(source, execution);
  // Only the end of an HTTP response tells when such a value has been sent.
  return comesInParts(stream) && hasClient(execution)
    ? new Promise((resolve) => void onClientClose(execution, resolve))
    : undefined;
}

function comesInParts(stream: StreamLike): boolean {
  return (
    typeof stream.getReader === 'function' ||
    typeof stream.body?.getReader === 'function' ||
    typeof stream[Symbol.asyncIterator] === 'function'
  );
}

function isReadable(value: unknown): value is Readable {
  const { pipe, on } = (value ?? {}) as StreamLike;
  return typeof pipe === 'function' && typeof on === 'function';
}

function endOf(stream: Readable, execution: ExecutionContext): Promise<void> {
  return new Promise((resolve) => {
    const stopListening = onClientClose(execution, resolve);
    finished(stream, () => {
      stopListening();
      resolve();
    });
  });
}
