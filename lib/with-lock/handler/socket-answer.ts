import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { RedisLockError } from '../../errors/redis-lock.error.js';
import { messageAnswer } from './transport-error.js';

/** Nest's marks of gateways and of the filters of a class. Sources: GATEWAY_METADATA of @nestjs/websockets, EXCEPTION_FILTERS_METADATA of @nestjs/common. */
const GATEWAY = 'websockets:is_gateway';
const FILTERS = '__exceptionFilters__';

/** A socket. Socket.IO's `emit()` sends to the other side; a plain WebSocket has `send()` for that, and its `emit()` sends nothing. */
interface SocketClient {
  readonly readyState?: unknown;
  send?(text: string): void;
  emit?(event: string, data: unknown): void;
}

/** The event by which Nest tells a client of an exception. */
const EVENT = 'exception';

/** Tells the client of a gateway as Nest tells of a `WsException`, without that class: it belongs to a package of which the app may have two copies. */
export function tellSocket(host: ArgumentsHost, error: RedisLockError): void {
  const client = host.switchToWs().getClient<SocketClient | undefined>();
  const data = messageAnswer(error);
  if (typeof client?.readyState === 'number' && typeof client.send === 'function')
    client.send(JSON.stringify({ event: EVENT, data }));
  else client?.emit?.(EVENT, data);
}

/** Gives each gateway the filter, to be asked after those that it has: Nest has no global filters for gateways. */
export function addToGateways(modules: ModulesContainer, filter: ExceptionFilter): void {
  for (const { providers } of modules.values()) {
    for (const { metatype, isNotMetatype } of providers.values()) {
      if (isNotMetatype || typeof metatype !== 'function' || !Reflect.hasMetadata(GATEWAY, metatype)) continue;
      const filters = (Reflect.getMetadata(FILTERS, metatype) as readonly unknown[] | undefined) ?? [];
      // Another app of this process may have given the class its filter.
      const others = filters.filter((other) => !(other instanceof (filter.constructor as new () => ExceptionFilter)));
      Reflect.defineMetadata(FILTERS, [filter, ...others], metatype);
    }
  }
}
