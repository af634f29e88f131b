import type { StopSignal } from '../engine/cancellation.js';
import type { AcquireTerms } from '../engine/lock-engine.js';
import { RedisLockOptionsError } from '../errors/redis-lock-options.error.js';
import type { LockOptions } from '../interfaces/lock-options.interface.js';
import { printValue } from './print-value.js';
import {
  DEFAULT_BACKEND_WAIT_MS,
  DEFAULT_TTL_MS,
  DEFAULT_WAIT_MS,
  MAX_METADATA_LENGTH,
  MAX_TIMER_MS,
  MIN_TTL_MS,
} from '../redis-lock.constants.js';

/** The terms of a lock for which neither the module nor the call gives options. */
export const DEFAULT_TERMS: AcquireTerms = Object.freeze({
  ttl: DEFAULT_TTL_MS,
  wait: DEFAULT_WAIT_MS,
  backendWait: DEFAULT_BACKEND_WAIT_MS,
  signal: undefined,
  renew: true,
  maxHold: undefined,
  minHold: 0,
  reentry: 'fail',
  metadata: undefined,
});

/** Tells a user what to pass in place of a wrong value; `undefined` when the value is right. */
export type OptionRule = (value: unknown) => string | undefined;
export type OptionRules = Readonly<Record<string, OptionRule>>;

export const LOCK_OPTION_RULES: OptionRules = {
  ttl: milliseconds(MIN_TTL_MS),
  wait: millisecondsOrInfinity,
  backendWait: millisecondsOrInfinity,
  signal: (value) => (isAbortSignal(value) ? undefined : 'pass an AbortSignal'),
  renew: (value) => (typeof value === 'boolean' ? undefined : 'pass true or false'),
  maxHold: milliseconds(1),
  minHold: milliseconds(0),
  reentry: oneOf('fail', 'share', 'wait'),
  metadata: (value) =>
    isMetadata(value)
      ? undefined
      : `pass a string of at most ${MAX_METADATA_LENGTH} characters without control characters`,
};

/** An integer number of milliseconds that a timer can count. */
export function milliseconds(min: number, or = ''): OptionRule {
  return (value) => {
    const isFine = Number.isInteger(value) && (value as number) >= min && (value as number) <= MAX_TIMER_MS;
    return isFine ? undefined : `pass an integer number of milliseconds from ${min} to ${MAX_TIMER_MS}${or}`;
  };
}

function millisecondsOrInfinity(value: unknown): string | undefined {
  return value === Infinity ? undefined : milliseconds(0, ', or Infinity')(value);
}

export function oneOf(...allowed: readonly string[]): OptionRule {
  return (value) =>
    allowed.includes(value as string) ? undefined : `pass ${allowed.map((item) => `'${item}'`).join(' or ')}`;
}

/**
 * Checks every option that is given, also its name.
 *
 * @param path - what stands before the option's name in an error, as in `defaults.`
 * @throws {RedisLockOptionsError}
 */
export function checkOptions(options: unknown, rules: OptionRules, path: string): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new RedisLockOptionsError({
      option: path === '' ? 'options' : path.slice(0, -1),
      value: printValue(options),
      remedy: 'pass an object',
    });
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    // The value is not printed: it may be a password that the user put in the wrong place.
    if (rule === undefined)
      throw new RedisLockOptionsError({
        option: path + name,
        value: 'unknown',
        remedy: `there is no such option; the options are ${Object.keys(rules).join(', ')}`,
      });
    const remedy = rule(value);
    if (remedy !== undefined)
      throw new RedisLockOptionsError({ option: path + name, value: printValue(value), remedy });
  }
}

/** Options of decorators, which are frozen once they are checked. */
const checked = new WeakSet<object>();

/** Freezes options that are checked, so that no call has to check them again. */
export function freezeChecked(options: LockOptions): LockOptions {
  checked.add(options);
  return Object.freeze(options);
}

/** Checks the options of a lock, unless they are frozen ones of a decorator. */
export function checkLockOptions(options: LockOptions): void {
  if (!checked.has(options)) checkOptions(options, LOCK_OPTION_RULES, '');
}

/** Puts the given options, which it does not check, over the terms of the module. */
export function mergeTerms(
  base: AcquireTerms,
  options: LockOptions,
  signal: StopSignal | undefined = options.signal,
): AcquireTerms {
  return {
    ttl: options.ttl ?? base.ttl,
    wait: options.wait ?? base.wait,
    backendWait: options.backendWait ?? base.backendWait,
    signal: signal ?? base.signal,
    renew: options.renew ?? base.renew,
    maxHold: options.maxHold ?? base.maxHold,
    minHold: options.minHold ?? base.minHold,
    reentry: options.reentry ?? base.reentry,
    metadata: options.metadata ?? base.metadata,
  };
}

/** Whether the value is an AbortSignal, told by its shape: each realm has a class of its own, and there are polyfills. */
function isAbortSignal(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const signal = value as Partial<AbortSignal>;
  return typeof signal.aborted === 'boolean' && typeof signal.addEventListener === 'function';
}

function isMetadata(value: unknown): boolean {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return typeof value === 'string' && value.length <= MAX_METADATA_LENGTH && !/[\u0000-\u001f\u007f]/u.test(value);
}
