import type { Transport } from '../key/key-source.interface.js';

/**
 * The metadata by which Nest's packages know the handlers of a transport: a handler has all of a row. A field resolver has none of the rows, because the app decides
 * whether interceptors run for it. Sources: the constants of @nestjs/common, /microservices, /websockets and /graphql.
 */
const MARKS: readonly (readonly [transport: Transport, keys: readonly string[]])[] = [
  ['http', ['path', 'method']],
  ['rpc', ['microservices:pattern']],
  ['ws', ['websockets:message_mapping']],
  ['graphql', ['graphql:resolver_type']],
];

/** Nest's marks of resolvers of fields and of references, for which no interceptor runs unless the app says so (`fieldResolverEnhancers`). */
const FIELD_MARKS: readonly string[] = ['graphql:resolve_property', 'graphql:resolve_reference'];

/** The transports that call this method as a handler of theirs, and run its interceptors; none for a plain method. */
export function transportsOf(method: object): readonly Transport[] {
  if (isFieldResolver(method)) return [];
  return MARKS.filter(([, keys]) => keys.every((key) => Reflect.hasMetadata(key, method))).map(
    ([transport]) => transport,
  );
}

/** Whether the method is a subscription of GraphQL: what it returns is iterated after the interceptors are done. */
export function isSubscription(method: object): boolean {
  return Reflect.getMetadata('graphql:resolver_type', method) === 'Subscription';
}

export function isFieldResolver(method: object): boolean {
  return FIELD_MARKS.some((key) => Reflect.hasMetadata(key, method));
}
