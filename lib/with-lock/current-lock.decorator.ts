import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { RedisLockOptionsError } from '../errors/redis-lock-options.error.js';
import type { Lock } from '../interfaces/lock.interface.js';
import { InterceptedCall } from './handler/intercepted-call.js';
import { addLockParameter } from './lock-parameters.js';
import { lockedMethodsOf } from './locked-method.js';

const fromCall = createParamDecorator((_: unknown, execution: ExecutionContext): Lock | undefined => {
  if (lockedMethodsOf(execution.getHandler()).length === 0) {
    throw new RedisLockOptionsError({
      option: '@CurrentLock()',
      value: `on a parameter of ${execution.getClass().name}.${execution.getHandler().name}`,
      remedy: 'put @WithLock() on the method',
    });
  }
  for (const { lock } of InterceptedCall.of(execution.getArgs())) if (lock !== undefined) return lock;
  // A lock whose key is made of the method's arguments is put in this place once it is taken.
  return undefined;
});

/**
 * The lock that `@WithLock()` took for this call of the handler: a `Lock`, or `undefined` when the handler runs without one because of
 * `onBackendError: 'run'`. Of several `@WithLock()` it is the lowest. A pipe on this parameter gets `undefined` when the key is made of the arguments
 * of the method: the lock is taken after the pipes then.
 *
 * @throws {RedisLockOptionsError} when the handler is not under `@WithLock()`.
 * @publicApi
 */
export function CurrentLock(): ParameterDecorator {
  return (target, propertyKey, index) => {
    fromCall()(target, propertyKey, index);
    if (propertyKey !== undefined) addLockParameter(target, propertyKey, index);
  };
}
