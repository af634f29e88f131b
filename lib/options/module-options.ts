import type { AcquireTerms } from '../engine/lock-engine.js';
import type { QuantumTerms } from '../engine/queue/quantum.js';
import { RedisLockOptionsError } from '../errors/redis-lock-options.error.js';
import type { LockOptions } from '../interfaces/lock-options.interface.js';
import type { RedisLockModuleOptions } from '../interfaces/module-options.interface.js';
import { endpointOf } from './connection-option.js';
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
  return Object.freeze({
    endpoint: endpointOf(options),
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
