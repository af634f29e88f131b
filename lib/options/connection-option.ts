import { RedisLockOptionsError } from '../errors/redis-lock-options.error.js';
import type { ClusterConnection, RedisLockModuleOptions } from '../interfaces/module-options.interface.js';
import type { RedisClient } from '../interfaces/redis-client.interface.js';
import { DEFAULT_CONNECTION } from '../redis-lock.constants.js';
import type { Endpoint } from '../stores/connection.js';
import { printValue } from './print-value.js';

/**
 * What the option `connection` says: where Redis is, or by which client it is reached.
 *
 * @throws {RedisLockOptionsError}
 */
export function endpointOf(options: RedisLockModuleOptions): Endpoint {
  // Without this check, an app whose variable is not set would lock on localhost, each machine for itself.
  if ('connection' in options && (options.connection as unknown) === undefined)
    throw refuse('undefined', `${WHAT_TO_PASS}, or leave it out for ${DEFAULT_CONNECTION}`);
  const { connection = DEFAULT_CONNECTION } = options;
  const endpoint = toEndpoint(connection);
  checkClientPrefix(endpoint);
  return endpoint;
}

/** Refuses a client prefix with which the keys of one lock would lie in different slots of a Cluster. */
function checkClientPrefix(endpoint: Endpoint): void {
  const prefix = clientPrefixOf(endpoint) ?? '';
  const remedy = clientPrefixRemedy(prefix);
  if (remedy !== undefined)
    throw new RedisLockOptionsError({ option: 'connection.keyPrefix', value: printValue(prefix), remedy });
}

function clientPrefixRemedy(prefix: string): string | undefined {
  // With empty braces, Redis hashes each key as a whole.
  if (/^[^{]*\{\}/u.test(prefix)) return 'its first braces are empty; put a word between them, or leave them out';
  // With an open brace, what Redis hashes begins with this text, and goes on in the key.
  if (/^[^{]*\{[^}]+$/u.test(prefix)) return 'there is text behind an open brace; close the brace, or leave it out';
  return undefined;
}

function clientPrefixOf(endpoint: Endpoint): string | undefined {
  if (endpoint.kind === 'client') return endpoint.client.options.keyPrefix;
  if (endpoint.kind === 'options') return endpoint.options.keyPrefix;
  if (endpoint.kind === 'url') return new URL(endpoint.url).searchParams.get('keyPrefix') ?? undefined;
  return endpoint.cluster.options?.keyPrefix;
}

function toEndpoint(connection: unknown): Endpoint {
  if (Array.isArray(connection)) {
    throw refuse(
      printValue(connection),
      'a quorum over several independent servers is not supported by this version; pass one connection',
    );
  }
  if (typeof connection === 'string') {
    // The text is not printed: what is no URL may be a password, or have one in it.
    if (!isRedisUrl(connection))
      throw refuse('a string that is no URL of Redis', 'pass one that begins with redis:// or rediss://');
    return { kind: 'url', url: connection };
  }
  if (typeof connection !== 'object' || connection === null) throw refuse(printValue(connection), WHAT_TO_PASS);
  if (isClient(connection)) return { kind: 'client', client: connection };
  if (!isPlainObject(connection)) throw refuse('an object that is no ioredis client', WHAT_TO_PASS);
  if ('cluster' in connection) return { kind: 'cluster', cluster: toCluster(connection) };
  // ioredis ignores what it does not know, and connects to localhost.
  const foreign = FOREIGN_OPTIONS.find((name) => name in connection);
  if (foreign !== undefined) throw refuse(`an object with "${foreign}", which ioredis does not know`, WHAT_TO_PASS);
  refuseUnset('connection', connection);
  if (!TELLING_OPTIONS.some((name) => isSet(connection, name)))
    throw refuse(`an object with none of ${TELLING_OPTIONS.join(', ')}`, WHAT_TO_PASS);
  return { kind: 'options', options: connection };
}

/** Names by which other clients and modules say where Redis is. */
const FOREIGN_OPTIONS = [
  'url',
  'uri',
  'urls',
  'socket',
  'nodes',
  'rootNodes',
  'client',
  'clients',
  'connection',
  'config',
  'redis',
  'redisOptions',
];

/** A set of ioredis options has at least one of these. */
const TELLING_OPTIONS = [
  'host',
  'port',
  'path',
  'sentinels',
  'db',
  'username',
  'password',
  'tls',
  'family',
  'keyPrefix',
  'Connector',
];

/** Options that say where Redis is; one of them is enough. */
const PLACES = ['host', 'path', 'sentinels', 'Connector'];

/** Refuses options that are meant to say where Redis is and are all `undefined`. */
function refuseUnset(option: string, place: object): void {
  const unset = PLACES.find((name) => name in place && !isSet(place, name));
  if (unset === undefined || PLACES.some((name) => isSet(place, name))) return;
  throw new RedisLockOptionsError({
    option: `${option}.${unset}`,
    value: 'undefined',
    remedy: 'pass where Redis is, or leave it out for localhost',
  });
}

function isSet(options: object, name: string): boolean {
  const value = (options as Record<string, unknown>)[name];
  return value !== undefined && value !== null;
}

const WHAT_TO_PASS = 'pass a redis:// URL, ioredis options, { cluster: [...] }, or an ioredis client';

function toCluster(connection: { readonly cluster?: unknown }): ClusterConnection {
  if (!Array.isArray(connection.cluster) || connection.cluster.length === 0) {
    const remedy = 'pass an array of at least one node, as in [{ host, port }]';
    throw new RedisLockOptionsError({ option: 'connection.cluster', value: printValue(connection.cluster), remedy });
  }
  for (const node of connection.cluster as unknown[])
    if (typeof node === 'object' && node !== null) refuseUnset('connection.cluster', node);
  const unknown = Object.keys(connection).find((name) => name !== 'cluster' && name !== 'options');
  if (unknown !== undefined) {
    throw new RedisLockOptionsError({
      option: `connection.${unknown}`,
      value: 'unknown',
      remedy: 'beside cluster there is only options',
    });
  }
  return connection as unknown as ClusterConnection;
}

/** Whether the value is a client, told by its shape: an app may have several copies and majors of ioredis. */
function isClient(value: object): value is RedisClient {
  const client = value as Partial<RedisClient>;
  return (
    [client.evalsha, client.eval, client.duplicate, client.subscribe, client.on, client.off, client.connect].every(
      (method) => typeof method === 'function',
    ) && typeof client.status === 'string'
  );
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isRedisUrl(text: string): boolean {
  return /^rediss?:\/\//iu.test(text) && URL.canParse(text);
}

/** The error for a wrong `connection`. `what` names the value in words, because the value itself may hold a password. */
function refuse(what: string, remedy: string): RedisLockOptionsError {
  return new RedisLockOptionsError({ option: 'connection', value: what, remedy });
}
