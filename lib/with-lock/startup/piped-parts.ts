import type { Transport } from '../key/key-source.interface.js';

/** Nest's metadata of parameters and pipes. Sources: ROUTE_ARGS_METADATA and PIPES_METADATA of @nestjs/common, and GraphQL's PARAM_ARGS_METADATA. */
const PARAMETERS = '__routeArguments__';
const PIPES = '__pipes__';

/** What one of Nest's decorators says of a parameter, under a key such as `5:0`: its kind, and its position. */
interface Parameter {
  readonly index: number;
  /** The field that the decorator takes of what the kind means; none when it takes all. */
  readonly data?: unknown;
  readonly pipes?: readonly unknown[];
  readonly schema?: unknown;
}

/** Kinds of parameters that Nest sends through pipes, by the first word of what a template calls them. Sources: RouteParamtypes, RpcParamtype, WsParamtype and GqlParamtype. */
const KINDS: Partial<Record<Transport, Readonly<Record<string, string>>>> = {
  http: { body: '3', query: '4', params: '5' },
  rpc: { data: '3' },
  ws: { data: '3' },
  graphql: { args: '3' },
};

/** A part of a key as the client sent it, and the same as the method gets it. */
export interface PipedPart {
  readonly raw: string;
  readonly piped: string;
}

/** The first of `parts` that the method gets through a pipe of its own or of its class, by whatever transport. */
export function findPipedPart(
  parts: readonly string[],
  transports: readonly Transport[],
  owner: object,
  propertyKey: string | symbol,
): PipedPart | undefined {
  for (const transport of transports) {
    for (const raw of parts) {
      const piped = argumentOf(raw, KINDS[transport] ?? {}, owner, propertyKey);
      if (piped !== undefined) return { raw, piped };
    }
  }
  return undefined;
}

function argumentOf(
  part: string,
  kinds: Readonly<Record<string, string>>,
  owner: object,
  propertyKey: string | symbol,
): string | undefined {
  const [source = '', ...path] = part.split('.');
  const [field, ...rest] = path;
  const parameters = (Reflect.getMetadata(PARAMETERS, owner.constructor, propertyKey) ?? {}) as Readonly<
    Record<string, Parameter>
  >;
  for (const [key, { index, data, pipes, schema }] of Object.entries(parameters)) {
    if (key.split(':')[0] !== kinds[source]) continue;
    const isPiped = (pipes?.length ?? 0) > 0 || schema !== undefined || hasPipes(owner, propertyKey);
    if (!isPiped) continue;
    if (data === undefined || data === null) return [index, ...path].join('.');
    if (data === field) return [index, ...rest].join('.');
  }
  return undefined;
}

/** Pipes of the parameter, the method and the class. Those of the whole app do not count: they see all that comes in, and most leave plain values alone. */
function hasPipes(owner: object, propertyKey: string | symbol): boolean {
  const method: unknown = Object.getOwnPropertyDescriptor(owner, propertyKey)?.value;
  return [owner.constructor, method].some((place) => typeof place === 'function' && Reflect.hasMetadata(PIPES, place));
}
