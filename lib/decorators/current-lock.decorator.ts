import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { innermostLock } from '../engine/lock-context.js';
import { RedisLockOptionsError } from '../errors/redis-lock-options.error.js';
import type { Lock } from '../interfaces/lock.interface.js';
import { CoveredCall } from '../with-lock/covered-call.js';

/**
 * The lock that `@WithLock()` took for this call of the handler: a `Lock`, or `undefined` when the handler runs without one because of
 * `onBackendError: 'run'`. Of several `@WithLock()` it is the lowest.
 *
 * @throws {RedisLockOptionsError} when the handler is not under `@WithLock()`.
 * @publicApi
 */
export const CurrentLock: () => ParameterDecorator = createParamDecorator((_: unknown, execution: ExecutionContext): Lock | undefined => {
  if (CoveredCall.isActive) return innermostLock();
  throw new RedisLockOptionsError({
    option: '@CurrentLock()',
    value: `on a parameter of ${execution.getClass().name}.${execution.getHandler().name}`,
    remedy: 'put @WithLock() on the method',
  });
});
