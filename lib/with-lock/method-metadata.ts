import { LOCKED_METHODS } from './locked-method.js';

/** Reflect keeps metadata by the identity of the function, and the function that replaces a method is another one. */
const originalOf = new WeakMap<object, object>();

/** Gives `locked`, which replaces `original`, its metadata: otherwise routes, guards and jobs would be lost. */
export function inheritMetadata(original: object, locked: object): void {
  originalOf.set(locked, original);
  copy(original, locked, Reflect.getOwnMetadataKeys(original));
}

/** Makes what decorators wrote on one of the two functions seen on both; called once all decorators have run. */
export function shareMetadata(locked: object): void {
  const original = originalOf.get(locked);
  if (original === undefined) return;
  copy(
    original,
    locked,
    Reflect.getOwnMetadataKeys(original).filter((key: unknown) => !Reflect.hasOwnMetadata(key, locked)),
  );
  copy(
    locked,
    original,
    Reflect.getOwnMetadataKeys(locked).filter((key: unknown) => key !== LOCKED_METHODS),
  );
  shareMetadata(original);
}

function copy(from: object, to: object, keys: readonly unknown[]): void {
  for (const key of keys) Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, from), to);
}
