export const KEY_EVENTS: readonly string[];

export interface KeyWatchInit {
  readonly url: string;
  readonly keys: readonly string[];
  readonly prefix: string;
  /** Is told of each time, on the clock of clock.mjs, in which a key was not there, when that is over or the connection is. */
  readonly onAbsence: (key: string, from: number, to: number) => void;
}

export class KeyWatch {
  constructor(init: KeyWatchInit);
  start(): Promise<void>;
  stop(): void;
}
