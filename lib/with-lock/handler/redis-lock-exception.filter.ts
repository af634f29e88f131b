import { Catch, Injectable, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { isObservable, Observable, of, throwError } from 'rxjs';
import type { RedisLockError } from '../../errors/redis-lock.error.js';
import { rawCallOf, type GrpcAnswer, type GrpcCall } from './grpc-call.js';
import { hasClient, setRetryAfter } from './http-response.js';
import { isUnanswered, reportRefusal, rpcAnswer, toHttpError, toTransportError } from './transport-error.js';
import { filtersOfApp, type AppFilter } from './app-filters.js';
import { tellSocket } from './socket-answer.js';

/** The errors of this package as they were thrown. Those that the decorator throws in the form of a transport, Nest answers by itself. */
abstract class UnansweredLockError {
  static [Symbol.hasInstance](value: unknown): boolean {
    return isUnanswered(value);
  }
}

/**
 * Answers the errors of this package, and no others, that a handler throws or lets pass from what it calls: as `@WithLock()` answers its
 * own. The module registers it, unless `exceptionFilter` is false; a filter of the app for a class of this package comes first, be it global or of
 * a controller or a method.
 *
 * A microservice that is connected to an app has no global filters of that app, unless it is told to inherit them: `inheritAppConfig: true`.
 *
 * @publicApi
 */
@Injectable()
@Catch(UnansweredLockError)
export class RedisLockExceptionFilter implements ExceptionFilter<RedisLockError> {
  #others: readonly AppFilter[] | undefined;

  /** Made by Nest. */
  constructor(
    private readonly modules: ModulesContainer,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  /** Called by Nest. */
  catch(error: RedisLockError, host: ArgumentsHost): unknown {
    const type = host.getType<string>();
    if (type === 'rpc') return this.#answerMessage(error, host);
    if (type === 'graphql') return this.#answerQuery(error, host);
    if (type === 'http' && hasClient(host)) return this.#answerRequest(error, host);
    reportRefusal(error);
    if (type === 'ws') return tellSocket(host, error);
    // A package that calls handlers in a context of its own knows what to do with an error.
    throw error;
  }

  #answerRequest(error: RedisLockError, host: ArgumentsHost): unknown {
    setRetryAfter(host, this.adapterHost, error);
    const exception = toHttpError('http', error);
    const other = this.#filterFor(exception);
    return other === undefined
      ? new BaseExceptionFilter(this.adapterHost.httpAdapter).catch(exception, host)
      : other.catch(exception, host);
  }

  #answerQuery(error: RedisLockError, host: ArgumentsHost): unknown {
    const exception = toHttpError('graphql', error);
    const answer: unknown = this.#filterFor(exception)?.catch(exception, host);
    if (answer !== undefined) return answer;
    throw exception;
  }

  #answerMessage(error: RedisLockError, host: ArgumentsHost): Observable<unknown> {
    const call = rawCallOf(host);
    if (call !== undefined) return this.#answerCall(error, host, call);
    return new Observable((subscriber) => {
      this.#answerOf(error, host).then(
        (answer) => subscriber.add((isObservable(answer) ? answer : of(answer)).subscribe(subscriber)),
        (reason: unknown) => subscriber.error(reason),
      );
    });
  }

  async #answerOf(error: RedisLockError, host: ArgumentsHost): Promise<unknown> {
    const exception = await toTransportError('rpc', error, host);
    if (isUnanswered(exception)) reportRefusal(exception);
    const other = this.#filterFor(exception);
    return other === undefined ? throwError(() => rpcAnswer(error, host)) : other.catch(exception, host);
  }

  #answerCall(error: RedisLockError, host: ArgumentsHost, call: GrpcCall): Observable<unknown> {
    reportRefusal(error);
    call.emit('error', rpcAnswer(error, host) as GrpcAnswer);
    return of(undefined);
  }

  /** The filter of the app that catches this error, if there is one. Nest asks the last filter first, and this one may come after those of the app. */
  #filterFor(exception: unknown): AppFilter | undefined {
    this.#others ??= filtersOfApp(this.modules).filter(({ filter }) => !(filter instanceof RedisLockExceptionFilter));
    return this.#others.find(
      ({ classes }) => classes.length === 0 || classes.some((each) => exception instanceof each),
    );
  }
}
