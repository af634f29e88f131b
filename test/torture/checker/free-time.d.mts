/** `[from, to]`, in milliseconds of one monotonic clock. */
type Time = readonly [number, number];

/** A call that waited for one lock. */
export interface WantRecord {
  readonly worker: string;
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

export interface LivenessRecord {
  readonly wants: ReadonlyMap<string, WantRecord>;
  /** By key, times in which Redis did not have it. */
  readonly absences: ReadonlyMap<string, readonly { readonly from: number; readonly to: number }[]>;
  readonly outages: readonly { readonly from: number; readonly to: number }[];
  /** By worker, times in which it did not run. */
  readonly pauses: ReadonlyMap<string, readonly Time[]>;
  /** Times in which the machine stood still. */
  readonly stalls: readonly Time[];
}

/** The longest time that a lock was free while somebody waited who could have taken it; not a number when nothing was seen of either. */
export function findLongestFree(history: LivenessRecord): {
  readonly ms: number;
  readonly from?: number;
  readonly to?: number;
  readonly want?: WantRecord;
};
