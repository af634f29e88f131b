import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { Observable } from 'rxjs';
import type { RedisLockService } from '../../redis-lock.service.js';
import { getRedisLockToken } from '../../redis-lock.tokens.js';
import { InterceptedCall } from './intercepted-call.js';
import { lockedMethodsOf, type LockedMethod } from '../locked-method.js';
import { setRetryAfter } from './http-response.js';
import { LockedHandler, type Explain } from './locked-handler.js';
import { toTransportError } from './transport-error.js';

/**
 * Takes the locks of a handler under `@WithLock()`. The decorator applies it: an app need not name it anywhere.
 *
 * @publicApi
 */
@Injectable()
export class WithLockInterceptor implements NestInterceptor {
  readonly #services = new Map<string | undefined, RedisLockService>();

  /** Made by Nest. */
  constructor(
    private readonly modules: ModuleRef,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  /** Called by Nest. */
  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    const methods = lockedMethodsOf(execution.getHandler()).filter(
      (method) => !InterceptedCall.covers(execution, method),
    );
    // The app has named this interceptor once more, with others in between.
    if (methods.length === 0) return InterceptedCall.handOver(execution, () => next.handle());
    return methods
      .reduceRight<CallHandler>((inner, method) => ({ handle: () => this.#locked(method, execution, inner) }), next)
      .handle();
  }

  #locked(method: LockedMethod, execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    return new Observable<unknown>((subscriber) => {
      const handler = new LockedHandler(
        { method, execution, next },
        this.#serviceNamed(method.policy.name),
        subscriber,
        this.#explain,
      );
      handler.start();
      return () => handler.stop();
    });
  }

  /** Looks each service up once: Nest searches all modules of the app for it. */
  #serviceNamed(name: string | undefined): RedisLockService {
    const known = this.#services.get(name);
    if (known !== undefined) return known;
    const service = this.modules.get<RedisLockService>(getRedisLockToken(name), { strict: false });
    this.#services.set(name, service);
    return service;
  }

  /** Gives a lock error the form of the transport; errors of the handler never come here. */
  readonly #explain: Explain = (execution, error) => {
    setRetryAfter(execution, this.adapterHost, error);
    return toTransportError(execution.getType(), error, execution);
  };
}
