import type { ExecutionContext } from '@nestjs/common';
import { cancellationOf, grpcCallOf } from './grpc-call.js';
import { nodeResponse, type HttpResponse } from './http-response.js';

/** What responses and sockets have in common. */
interface Closable {
  readonly destroyed: boolean;
  once(event: 'close', listener: () => void): unknown;
  off(event: 'close', listener: () => void): unknown;
}

/** Express' request knows its response, Fastify's only its socket. */
interface QueryRequest {
  readonly res?: HttpResponse;
  readonly raw?: { readonly socket?: Closable };
}

/** Nest's mark of the handler of an event, whose sender waits for nothing. Source: PATTERN_HANDLER_METADATA and PatternHandler of @nestjs/microservices. */
const HANDLER_TYPE = 'microservices:handler_type';
const EVENT = 2;

/** The callbacks of a connection that may carry many calls at once, behind one listener. */
const callbacksOf = new WeakMap<Closable, Set<() => void>>();

/** Calls back once when the connection to the client closes, where there is one to be seen. Returns what stops the listening. */
export function onClientClose(execution: ExecutionContext, callback: () => void): () => void {
  const connection = connectionOf(execution);
  if (connection === undefined) return () => undefined;
  if (connection.destroyed) {
    callback();
    return () => undefined;
  }
  return execution.getType() === 'http' ? listen(connection, callback) : listenAmongMany(connection, callback);
}

function listen(connection: Closable, callback: () => void): () => void {
  connection.once('close', callback);
  return () => connection.off('close', callback);
}

function listenAmongMany(connection: Closable, callback: () => void): () => void {
  let callbacks = callbacksOf.get(connection);
  if (callbacks === undefined) {
    const all = new Set<() => void>();
    listen(connection, () => all.forEach((each) => each()));
    callbacksOf.set(connection, (callbacks = all));
  }
  callbacks.add(callback);
  return () => callbacks.delete(callback);
}

/** Nest itself unsubscribes from the handlers of a WebSocket that closes; a broker between client and server hides the one from the other. */
function connectionOf(execution: ExecutionContext): Closable | undefined {
  switch (execution.getType<string>()) {
    case 'http':
      return nodeResponse(execution.switchToHttp().getResponse());
    case 'graphql':
      return connectionOfQuery(execution.getArgByIndex(2));
    case 'rpc':
      return connectionOfMessage(execution);
    default:
      return undefined;
  }
}

/** The context that the app makes for its resolvers holds the request or the response, by names that are customary with Apollo and Mercurius. */
function connectionOfQuery(context: unknown): Closable | undefined {
  const { res, reply, req } = (context ?? {}) as { res?: HttpResponse; reply?: HttpResponse; req?: QueryRequest };
  return nodeResponse(res) ?? nodeResponse(reply) ?? nodeResponse(req?.res) ?? closable(req?.raw?.socket);
}

function connectionOfMessage(execution: ExecutionContext): Closable | undefined {
  const connection = cancellationOfCall(execution) ?? socketOf(execution.switchToRpc().getContext());
  return connection === undefined || Reflect.getMetadata(HANDLER_TYPE, execution.getHandler()) === EVENT
    ? undefined
    : connection;
}

function cancellationOfCall(execution: ExecutionContext): Closable | undefined {
  const call = grpcCallOf(execution);
  return call === undefined ? undefined : cancellationOf(call);
}

/** Of Nest's TCP transport. */
function socketOf(context: unknown): Closable | undefined {
  const { getSocketRef } = (context ?? {}) as { getSocketRef?: () => { netSocket?: Closable } };
  return closable(getSocketRef?.call(context).netSocket);
}

function closable(value: Closable | undefined): Closable | undefined {
  return typeof value?.once === 'function' ? value : undefined;
}
