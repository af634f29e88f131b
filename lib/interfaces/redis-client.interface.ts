/**
 * The part of an ioredis client, `Redis` or `Cluster` of version 5 or 6, that this package uses. A structural type, so that two installed
 * copies or majors of ioredis do not get in each other's way.
 *
 * @publicApi
 */
export interface RedisClient {
  /** `'ready'`, `'connecting'`, `'wait'`, `'end'` … as ioredis calls them. */
  readonly status: string;
  /** `true` for a `Cluster`. */
  readonly isCluster?: boolean;
  /** What the client was made with. Read, never changed. */
  readonly options: {
    /** What the client itself puts before each key. */
    readonly keyPrefix?: string | undefined;
    /** Number of the database: channels have none, so it becomes part of the inbox' name. */
    readonly db?: number | undefined;
    /** For the connection on which this process is woken. */
    readonly username?: string | undefined;
    /** For the connection on which this process is woken. */
    readonly password?: string | undefined;
    /** Whether commands without a reply are sent again after a reconnect. */
    readonly autoResendUnfulfilledCommands?: boolean | undefined;
  };
  /** `EVALSHA`. */
  evalsha(sha: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  /** `EVAL`. */
  eval(script: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  /** Makes a client with the same settings, for the connection on which this process is woken. */
  duplicate(...args: any[]): RedisClient;
  /** `SUBSCRIBE`. */
  subscribe(...channels: string[]): Promise<unknown>;
  /** Opens a connection that is not open yet. */
  connect(): Promise<unknown>;
  /** Closes the connection at once. Never called on a client that was handed in. */
  disconnect(reconnect?: boolean): void;
  /** Closes the connection after its last reply. Never called on a client that was handed in. */
  quit(): Promise<unknown>;
  /** Listens to an event. */
  on(event: string, listener: (...args: any[]) => void): unknown;
  /** Stops listening to an event. */
  off(event: string, listener: (...args: any[]) => void): unknown;
}
