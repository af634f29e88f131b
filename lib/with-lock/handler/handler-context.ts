import type { ExecutionContext } from '@nestjs/common';
import { RedisLockOptionsError } from '../../errors/redis-lock-options.error.js';
import type { LockKeyContext } from '../../interfaces/with-lock-options.interface.js';
import { hasClient } from './http-response.js';

interface HttpRequest {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly headers?: unknown;
  readonly user?: unknown;
  readonly ip?: string;
}

type Transport = LockKeyContext['transport'];

const REQUESTS: readonly string[] = ['http', 'rpc', 'ws', 'graphql'] satisfies readonly Transport[];

/** The transport of a call; `call` when a package for queues, command lines and the like has Nest call the handler with the arguments of the method, as type `http` if it names none. */
function transportOf(execution: ExecutionContext): Transport {
  const type = execution.getType<string>();
  return REQUESTS.includes(type) && (type !== 'http' || hasClient(execution)) ? (type as Transport) : 'call';
}

/** What a key function is told of the call of a handler. Each field is read from the request only when the function reads it. */
export class HandlerContext implements LockKeyContext {
  readonly transport: Transport;

  /** @param given - the arguments of the method, when Nest has made them. */
  constructor(
    readonly execution: ExecutionContext,
    readonly target: string,
    private readonly given?: readonly unknown[],
  ) {
    this.transport = transportOf(execution);
  }

  get args(): readonly unknown[] {
    return this.given ?? missingArgs(this);
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
    // Resolvers are called with parent, arguments, context, info.
    if (this.transport === 'graphql') return this.execution.getArgByIndex<unknown>(1);
    return this.transport === 'ws' ? this.execution.switchToWs().getData<unknown>() : undefined;
  }
}

/** Errors of key functions that read arguments too early: such a function is called again when Nest has made them. */
const tooEarly = new WeakSet<object>();

/** Whether a key function failed because it reads arguments that Nest has not made yet. */
export function needsArguments(error: unknown): boolean {
  return typeof error === 'object' && error !== null && tooEarly.has(error);
}

/** Stands in for arguments that Nest has not made: code may take it, as a destructured parameter does, but not read it. */
function missingArgs({ target, transport }: HandlerContext): readonly unknown[] {
  const read = (): never => {
    const value = `on ${target}, whose function reads "args" of a call by ${transport}: its lock is taken before Nest has made the arguments of the method`;
    const remedy =
      'read params, body, data and so on, or execution.getArgs() for what the transport itself handed to Nest';
    const error = new RedisLockOptionsError({ option: '@WithLock()', value, remedy });
    tooEarly.add(error);
    throw error;
  };
  return new Proxy([], { get: read, has: read, ownKeys: read });
}

function httpRequest(context: HandlerContext): HttpRequest | undefined {
  return context.request as HttpRequest | undefined;
}
