import type { ExecutionContext } from '@nestjs/common';
import type { LockKeyContext } from '../interfaces/with-lock-options.interface.js';

interface HttpRequest {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly headers?: unknown;
  readonly user?: unknown;
  readonly ip?: string;
}

/** What a key function is told of the call of a handler; read from the request only when asked. */
export class HandlerContext implements LockKeyContext {
  readonly transport: LockKeyContext['transport'];

  constructor(
    readonly execution: ExecutionContext,
    readonly target: string,
  ) {
    this.transport = execution.getType<LockKeyContext['transport']>();
  }

  get args(): readonly unknown[] {
    return this.execution.getArgs<unknown[]>();
  }

  get request(): any {
    return this.transport === 'http' ? this.execution.switchToHttp().getRequest<unknown>() : undefined;
  }

  get params(): unknown {
    return httpRequest(this)?.params;
  }

  get query(): unknown {
    return httpRequest(this)?.query;
  }

  get body(): unknown {
    return httpRequest(this)?.body;
  }

  get headers(): unknown {
    return httpRequest(this)?.headers;
  }

  get user(): unknown {
    return httpRequest(this)?.user;
  }

  get ip(): string | undefined {
    return httpRequest(this)?.ip;
  }

  get data(): unknown {
    if (this.transport === 'rpc') return this.execution.switchToRpc().getData<unknown>();
    return this.transport === 'ws' ? this.execution.switchToWs().getData<unknown>() : undefined;
  }
}

function httpRequest(context: HandlerContext): HttpRequest | undefined {
  return context.request as HttpRequest | undefined;
}
