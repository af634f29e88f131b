/**
 * The part of an ioredis client, `Redis` or `Cluster` of version 5 or 6, that this package uses. A structural type, so that two installed
 * copies or majors of ioredis do not get in each other's way.
 *
 * @publicApi
 */
export interface RedisClient {
  readonly status: string;
  readonly isCluster?: boolean;
  readonly options: {
    readonly keyPrefix?: string | undefined;
    readonly db?: number | undefined;
    readonly username?: string | undefined;
    readonly password?: string | undefined;
    readonly autoResendUnfulfilledCommands?: boolean | undefined;
  };
  evalsha(sha: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  eval(script: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  duplicate(...args: any[]): RedisClient;
  subscribe(...channels: string[]): Promise<unknown>;
  connect(): Promise<unknown>;
  disconnect(reconnect?: boolean): void;
  quit(): Promise<unknown>;
  on(event: string, listener: (...args: any[]) => void): unknown;
  off(event: string, listener: (...args: any[]) => void): unknown;
}
