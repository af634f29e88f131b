import type { NestInterceptor } from '@nestjs/common';
import { InterceptedCall } from './intercepted-call.js';

/**
 * Stands last in the list of a handler that has other interceptors beneath `WithLockInterceptor`. Such an interceptor may call the handler several times, or
 * later, from a queue, where the async context is that of an earlier request.
 */
export const interceptedHandler: NestInterceptor = {
  intercept: (execution, next) => InterceptedCall.handOver(execution, () => next.handle()),
};
