import type { NestInterceptor } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { throwError } from 'rxjs';
// Before 7.2 rxjs itself has no operators.
import { catchError } from 'rxjs/operators';
import { isAnswered } from '../interceptors/http-client.js';
import { isUnanswered, toHttpError } from '../interceptors/transport-error.js';

/** Nest's marks of a handler that answers by a stream of events, and of interceptors. Sources: SSE_METADATA and INTERCEPTORS_METADATA of @nestjs/common. */
const EVENTS = '__sse__';
const INTERCEPTORS = '__interceptors__';

/** Once the stream has begun Nest asks no filter, and older versions of it send the message of whatever is thrown. */
const lateAnswer: NestInterceptor = {
  intercept: (execution, next) =>
    next.handle().pipe(catchError((error: unknown) => throwError(() => (isUnanswered(error) && isAnswered(execution) ? toHttpError('http', error) : error)))),
};

/** Has handlers of events tell our errors in the form of HTTP when it is too late for the filter: above the interceptors of the method, which see them as they are. */
export function addToEvents(modules: ModulesContainer): void {
  for (const { controllers } of modules.values()) {
    for (const { metatype } of controllers.values()) {
      for (let owner = metatype?.prototype as object | null | undefined; owner; owner = Object.getPrototypeOf(owner) as object | null) answerEventsOf(owner);
    }
  }
}

function answerEventsOf(owner: object): void {
  for (const key of Reflect.ownKeys(owner)) {
    const handler: unknown = Reflect.getOwnPropertyDescriptor(owner, key)?.value;
    if (typeof handler !== 'function' || Reflect.getMetadata(EVENTS, handler) !== true) continue;
    const interceptors = (Reflect.getMetadata(INTERCEPTORS, handler) as readonly unknown[] | undefined) ?? [];
    // Another app of this process may have the class, too.
    if (!interceptors.includes(lateAnswer)) Reflect.defineMetadata(INTERCEPTORS, [lateAnswer, ...interceptors], handler);
  }
}
