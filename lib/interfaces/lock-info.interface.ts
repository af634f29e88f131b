/**
 * What `inspect()` saw, for operators. It may be out of date before it arrives, so no program should decide by it.
 *
 * @publicApi
 */
export interface LockInfo {
  /** The key, without the module's prefix. */
  readonly key: string;
  /** Milliseconds until the lease ends; `Infinity` when a foreign program set no expiry. */
  readonly ttl: number;
  /** `host:pid:instance#counter` of the holder, or the whole value when a foreign program holds the key. */
  readonly owner: string;
  /** What the holder gave as `metadata`; `undefined` when it gave none, or a foreign program holds the key. */
  readonly metadata: string | undefined;
  /** Callers in this process that wait for the key. */
  readonly waiting: number;
  /** Processes, this one included, that stand in the queue of the key. */
  readonly waitingProcesses: number;
}
