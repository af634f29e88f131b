import type { AcquireTerms } from '../engine/lock-engine.js';
import type { QuantumTerms } from '../engine/queue/quantum.js';
import { RedisLockOptionsError } from '../errors/redis-lock-options.error.js';
import type { LockOptions } from '../interfaces/lock-options.interface.js';
import type { ClusterConnection, RedisLockModuleOptions } from '../interfaces/module-options.interface.js';
import type { RedisClient } from '../interfaces/redis-client.interface.js';
import {
  checkOptions,
  DEFAULT_TERMS,
  LOCK_OPTION_RULES,
  mergeTerms,
  milliseconds,
  type OptionRules,
} from './lock-options.js';
import { printValue } from './print-value.js';
import {
  DEFAULT_CONNECTION,
  DEFAULT_KEY_PREFIX,
  DEFAULT_SHUTDOWN_GRACE_MS,
  MAX_HANDOVERS,
  MIN_COMMAND_TIMEOUT_MS,
  QUANTUM_HANDOVERS,
  QUANTUM_MS,
} from '../redis-lock.constants.js';
import type { Endpoint } from '../stores/connection.js';

/** The module's options, checked and complete. */
export interface ResolvedOptions {
  readonly endpoint: Endpoint;
  readonly keyPrefix: string;
  readonly defaults: AcquireTerms;
  readonly shutdownGrace: number;
  readonly maxWaiters: number;
  /** Milliseconds; `undefined` when the user gave none. */
  readonly commandTimeout: number | undefined;
  readonly quantum: QuantumTerms;
}

const MODULE_OPTION_RULES: OptionRules = {
  connection: () => undefined,
  name: nameRule,
  keyPrefix: keyPrefixRule,
  defaults: () => undefined,
  quantum: () => undefined,
  shutdownGrace: milliseconds(0),
  commandTimeout: milliseconds(MIN_COMMAND_TIMEOUT_MS),
  exceptionFilter: booleanRule,
  maxWaiters: (value) =>
    value === Infinity || (Number.isSafeInteger(value) && (value as number) >= 0)
      ? undefined
      : 'pass an integer from 0, or Infinity',
};

const QUANTUM_RULES: OptionRules = {
  handOvers: (value) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_HANDOVERS
      ? undefined
      : `pass an integer from 0 to ${MAX_HANDOVERS}`,
  ms: milliseconds(0),
};

/** The rules of `defaults`: those of a lock without `signal`, which belongs to one call. */
const DEFAULTS_RULES: OptionRules = Object.fromEntries(
  Object.entries(LOCK_OPTION_RULES).filter(([name]) => name !== 'signal'),
);

/**
 * The one place where the module's options are checked and completed.
 *
 * @param name - the name of the service that the options are for.
 * @throws {RedisLockOptionsError}
 */
export function resolveOptions(options: RedisLockModuleOptions, name?: string): ResolvedOptions {
  checkOptions(options, MODULE_OPTION_RULES, '');
  if (options.name !== undefined && options.name !== name) {
    const remedy = 'it is part of the injection token, so pass it to forRootAsync() itself, beside the factory';
    throw new RedisLockOptionsError({ option: 'name', value: printValue(options.name), remedy });
  }
  if (options.defaults !== undefined) checkOptions(options.defaults, DEFAULTS_RULES, 'defaults.');
  if (options.quantum !== undefined) checkOptions(options.quantum, QUANTUM_RULES, 'quantum.');
  // Without this check, an app whose variable is not set would lock on localhost, each machine for itself.
  if ('connection' in options && (options.connection as unknown) === undefined)
    throw refuse('undefined', `${WHAT_TO_PASS}, or leave it out for ${DEFAULT_CONNECTION}`);
  const { connection = DEFAULT_CONNECTION } = options;
  const endpoint = toEndpoint(connection);
  checkClientPrefix(endpoint);
  return Object.freeze({
    endpoint,
    keyPrefix: options.keyPrefix ?? DEFAULT_KEY_PREFIX,
    defaults: Object.freeze(mergeTerms(DEFAULT_TERMS, options.defaults ?? ({} satisfies LockOptions))),
    shutdownGrace: options.shutdownGrace ?? DEFAULT_SHUTDOWN_GRACE_MS,
    maxWaiters: options.maxWaiters ?? Infinity,
    commandTimeout: options.commandTimeout,
    quantum: Object.freeze({
      handOvers: options.quantum?.handOvers ?? QUANTUM_HANDOVERS,
      ms: options.quantum?.ms ?? QUANTUM_MS,
    }),
  });
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

/** The name is part of the injection token, so it is checked before there are providers. */
export function checkName(name: unknown): void {
  const remedy = name === undefined ? undefined : nameRule(name);
  if (remedy !== undefined) throw new RedisLockOptionsError({ option: 'name', value: printValue(name), remedy });
}

function booleanRule(value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : 'pass true or false';
}

function keyPrefixRule(value: unknown): string | undefined {
  if (typeof value !== 'string') return "pass a string; '' is allowed";
  // The keys of fences and queues have control characters, by which they differ from all keys of locks.
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return /[\u0000-\u001f\u007f]/u.test(value) ? 'remove its control characters' : undefined;
}

function nameRule(value: unknown): string | undefined {
  return typeof value === 'string' && value !== ''
    ? undefined
    : 'pass a string of at least one character, or leave it out';
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
