import type { LockKeyContext } from '../../interfaces/with-lock-options.interface.js';

/** What a key function is told of a plain call. */
export function callContext(target: string, args: readonly unknown[]): LockKeyContext {
  return {
    transport: 'call',
    args,
    target,
    execution: undefined,
    request: undefined,
    params: undefined,
    query: undefined,
    body: undefined,
    headers: undefined,
    user: undefined,
    ip: undefined,
    data: undefined,
  };
}
