import type { Lock } from '../interfaces/lock.interface.js';

const PARAMETERS = Symbol('nestjs-redis-lock:lock-parameters');

/** Where `@CurrentLock()` stands among the parameters of a method. */
function placesOf(prototype: object, propertyKey: string | symbol): readonly number[] {
  return (Reflect.getMetadata(PARAMETERS, prototype, propertyKey) as readonly number[] | undefined) ?? [];
}

export function addLockParameter(prototype: object, propertyKey: string | symbol, index: number): void {
  Reflect.defineMetadata(PARAMETERS, [...placesOf(prototype, propertyKey), index], prototype, propertyKey);
}

/** Puts a lock that was taken after Nest had resolved the parameters into its place among them. */
export class LockParameters {
  #places: readonly number[] | undefined;

  /** @param isLowest - whether the lock is that of the lowest `@WithLock()`: others stand in for it only. */
  constructor(
    private readonly prototype: object,
    private readonly propertyKey: string | symbol,
    private readonly isLowest: boolean,
  ) {}

  /** The arguments of a call, with the lock in its place if that was taken late. */
  filled(args: unknown[], lock: Lock | undefined): unknown[] {
    this.#places ??= placesOf(this.prototype, this.propertyKey);
    if (lock === undefined || this.#places.length === 0) return args;
    const filled = [...args];
    for (const place of this.#places) if (this.isLowest || filled[place] === undefined) filled[place] = lock;
    return filled;
  }
}
