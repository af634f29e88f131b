/** One critical section, as the checker sees it. All times in milliseconds of one monotonic clock. */
export interface SectionRecord {
  readonly id: string;
  /** `'outside'`: a program that does not use the package. */
  readonly worker: string;
  readonly keys: readonly string[];
  readonly token?: number;
  readonly ttl: number;
  readonly renew: boolean;
  readonly calledAt: number;
  readonly begin: number;
  readonly isHeldAtBegin: boolean;
  /** Until when its holder believed, by the local deadline, that it was alone. */
  readonly heldUntil: number;
  readonly end?: {
    readonly isHeldAtEnd: boolean;
    readonly lost?: { readonly at: number; readonly reason: string };
    readonly validUntil: number;
    readonly outcome?: string;
    readonly settledAt: number;
  };
}

export interface HistoryRecord {
  readonly sections: ReadonlyMap<string, SectionRecord>;
  readonly losses: readonly {
    readonly keys: readonly string[] | undefined;
    readonly from: number;
    readonly to: number;
  }[];
  readonly outages: readonly { readonly from: number; readonly to: number }[];
  readonly pauses: ReadonlyMap<string, readonly (readonly [number, number])[]>;
  readonly refusedWhileHeld: readonly string[];
  /** What is added to a time here to get milliseconds since the epoch, by which fencing tokens count. */
  readonly epoch: number;
}

export interface Finding {
  readonly key?: string;
  readonly first: SectionRecord;
  readonly second?: SectionRecord;
}

/** Reads the whole history. Everything that it finds is wrong; `handOvers` and `belief` measure what was checked. */
export function check(history: HistoryRecord): {
  readonly overlaps: readonly Finding[];
  readonly tokenDisorder: readonly Finding[];
  readonly goneEarly: readonly Finding[];
  readonly refusedWhileHeld: readonly Finding[];
  readonly handOvers: { readonly within: number; readonly between: number };
  /** Milliseconds in which holders believed in their locks, and those of them that were checked. */
  readonly belief: { readonly believed: number; readonly checked: number };
};
