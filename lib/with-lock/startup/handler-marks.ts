import type { Transport } from '../key/key-source.interface.js';

/**
 * The metadata by which Nest's packages know the handlers of a transport: all of a row must be there. A field resolver is none of them: whether
 * interceptors run for it is up to the app. Sources: the constants of @nestjs/common, /microservices, /websockets and /graphql.
 */
const MARKS: readonly (readonly [transport: Transport, keys: readonly string[]])[] = [
  ['http', ['path', 'method']],
  ['rpc', ['microservices:pattern']],
  ['ws', ['websockets:message_mapping']],
  ['graphql', ['graphql:resolver_type']],
];

/** Nest's marks of those for which no interceptor runs unless the app says so (`fieldResolverEnhancers`): resolvers of fields, and of references. */
const FIELD_MARKS: readonly string[] = ['graphql:resolve_property', 'graphql:resolve_reference'];

/** The transports that call this method as a handler of theirs, and run its interceptors; none for a plain method. */
export function transportsOf(method: object): readonly Transport[] {
  if (isFieldResolver(method)) return [];
  return MARKS.filter(([, keys]) => keys.every((key) => Reflect.hasMetadata(key, method))).map(
    ([transport]) => transport,
  );
}

/** Of GraphQL: what it returns is iterated after the interceptors are done. */
export function isSubscription(method: object): boolean {
  return Reflect.getMetadata('graphql:resolver_type', method) === 'Subscription';
}

export function isFieldResolver(method: object): boolean {
  return FIELD_MARKS.some((key) => Reflect.hasMetadata(key, method));
}
