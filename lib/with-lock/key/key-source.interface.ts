import type { LockKeyContext } from '../../interfaces/with-lock-options.interface.js';

export type Transport = LockKeyContext['transport'];

/** Where the keys of a decorated method come from. */
export interface KeySource {
  /** @throws {LockKeyError} when this call makes no key. */
  keysOf(context: LockKeyContext): string | readonly string[];

  /** Whether a key needs the arguments of the method; for a key function, only a call tells. */
  readonly needsArguments: boolean;

  /** The parts of its templates, as `params.id`. */
  readonly parts: readonly string[];

  /** The first part of a template that no call by this transport can have, as `params.id` in a plain call. */
  partMissingIn(transport: Transport): string | undefined;
}
