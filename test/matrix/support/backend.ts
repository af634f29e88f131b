import type { DynamicModule, INestApplicationContext } from '@nestjs/common';

/** Counts what is asked of Redis. */
export interface Tally {
  /** How many scripts were run, since it was last counted anew. */
  scripts(): Promise<number>;
  /** How many scripts `work` takes until no lock is left. */
  scriptsOf(work: () => Promise<void>): Promise<number>;
}

/** Where the locks of a group live, and what may happen to them there. */
export interface Backend {
  readonly modules: readonly DynamicModule[];
  /** Is told of the app that uses it. */
  attach(app: INestApplicationContext): void;
  /** The keys of the locks that are taken: all of them, or of those in question where they cannot be listed. */
  taken(inQuestion: readonly string[]): Promise<readonly string[]>;
  /** Puts a stranger into a key, whoever is in it. */
  occupy(key: string): Promise<void>;
  isOccupied(key: string): Promise<boolean>;
  /** Takes out whoever is in a key. */
  remove(key: string): Promise<void>;
  readonly tally: Tally | undefined;
  /** From now on nothing answers. */
  breakDown(): Promise<void>;
  stop(): Promise<void>;
}
