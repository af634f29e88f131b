import { lookAt } from './leak-watch.js';

/** What became of a promise so far. */
export interface Watched<T> {
  readonly state: 'pending' | 'fulfilled' | 'rejected';
  readonly value: T | undefined;
  readonly error: any;
}

/** Follows a promise without waiting for it; its rejection counts as handled. */
export function watch<T>(promise: Promise<T>): Watched<T> {
  const watched = {
    state: 'pending' as Watched<T>['state'],
    value: undefined as T | undefined,
    error: undefined as unknown,
  };
  promise.then(
    (value) => Object.assign(watched, { state: 'fulfilled', value }),
    (error: unknown) => Object.assign(watched, { state: 'rejected', error: looked(error) }),
  );
  return watched;
}

/** What a promise rejects with; a promise that does not reject fails the test. */
export async function rejection(promise: Promise<unknown>): Promise<any> {
  try {
    await promise;
  } catch (error) {
    return looked(error);
  }
  throw new Error('It was expected to reject, and did not.');
}

/** What would be sent of it, if somebody sent it. */
function looked(error: unknown): unknown {
  if ((error as { code?: unknown } | undefined)?.code?.toString().startsWith('LOCK_') === true)
    lookAt('errors', JSON.stringify(error));
  return error;
}
