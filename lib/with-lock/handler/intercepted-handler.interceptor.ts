import type { NestInterceptor } from '@nestjs/common';
import { InterceptedCall } from './intercepted-call.js';

/**
 * Stands last in the list of a handler that has other interceptors beneath ours. Such a one may call the handler later, from a queue, where the
 * async context is that of whoever was served before, and may call it several times.
 */
export const interceptedHandler: NestInterceptor = {
  intercept: (execution, next) => InterceptedCall.handOver(execution, () => next.handle()),
};
