import { finished, type Readable } from 'node:stream';
import type { ExecutionContext } from '@nestjs/common';
import { onClientClose } from './client-close.js';
import { hasClient } from './http-client.js';

/** By their shapes: there are classes of Nest, of Node, of the web, and other copies of them. */
interface StreamLike {
  readonly getStream?: () => Readable;
  readonly pipe?: unknown;
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
  if (typeof stream.getStream === 'function') return endOf(stream.getStream(), execution);
  if (typeof stream.pipe === 'function' && typeof (stream as Partial<Readable>).on === 'function') return endOf(value as Readable, execution);
  // Only the end of an HTTP response tells when such a value has been sent.
  const isSentAsItComes = hasClient(execution) && [stream.getReader, stream.body?.getReader, stream[Symbol.asyncIterator]].some((method) => typeof method === 'function');
  return isSentAsItComes ? new Promise((resolve) => void onClientClose(execution, resolve)) : undefined;
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
