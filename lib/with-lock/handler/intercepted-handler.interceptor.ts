import type { NestInterceptor } from '@nestjs/common';
import { CoveredCall } from './intercepted-call.js';

/**
 * Stands last in the list of a handler that has other interceptors beneath ours. Such a one may call the handler later, from a queue, where the
 * async context is that of whoever was served before, and may call it several times.
 */
export const coveredHandler: NestInterceptor = {
  intercept: (execution, next) => CoveredCall.handOver(execution, () => next.handle()),
};
