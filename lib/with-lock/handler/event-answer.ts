import type { NestInterceptor } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { throwError } from 'rxjs';
// Before 7.2 rxjs itself has no operators.
import { catchError } from 'rxjs/operators';
import { isAnswered } from './http-response.js';
import { isUnanswered, toHttpError } from './transport-error.js';

/** Nest's marks of a handler that answers by a stream of events, and of interceptors. Sources: SSE_METADATA and INTERCEPTORS_METADATA of @nestjs/common. */
const EVENTS = '__sse__';
const INTERCEPTORS = '__interceptors__';

/** Gives lock errors the form of HTTP once the stream has begun: Nest asks no filter then, and older versions of it send an error's message to the client. */
const lateAnswer: NestInterceptor = {
  intercept: (execution, next) =>
    next
      .handle()
      .pipe(
        catchError((error: unknown) =>
          throwError(() => (isUnanswered(error) && isAnswered(execution) ? toHttpError('http', error) : error)),
        ),
      ),
};

/** Adds that interceptor to all handlers of events, above the interceptors of the method, which see the errors as they were thrown. */
export function addToEvents(modules: ModulesContainer): void {
  for (const { controllers } of modules.values()) {
    for (const { metatype } of controllers.values()) {
      for (
        let owner = metatype?.prototype as object | null | undefined;
        owner;
        owner = Object.getPrototypeOf(owner) as object | null
      )
        answerEventsOf(owner);
    }
  }
}

function answerEventsOf(owner: object): void {
  for (const key of Reflect.ownKeys(owner)) {
    const handler: unknown = Reflect.getOwnPropertyDescriptor(owner, key)?.value;
    if (typeof handler !== 'function' || Reflect.getMetadata(EVENTS, handler) !== true) continue;
    const interceptors = (Reflect.getMetadata(INTERCEPTORS, handler) as readonly unknown[] | undefined) ?? [];
    // Another app of this process may have given the class the interceptor.
    if (!interceptors.includes(lateAnswer))
      Reflect.defineMetadata(INTERCEPTORS, [lateAnswer, ...interceptors], handler);
  }
}
