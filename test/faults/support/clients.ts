import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import type { RedisClient } from 'nestjs-redis-lock';
import type { ClientSettings } from '../../support/redis-store.js';

/** What an app may hand in: a client of this major, with these settings. */
export interface ClientKind {
  readonly name: string;
  readonly keyPrefix: string;
  /** `scale` multiplies its times. */
  open(url: string, scale?: number): TestClient;
}

export interface TestClient extends RedisClient {
  readonly status: string;
}

const MAJORS: Record<string, new (url: string, options: any) => any> = {
  'ioredis 6': Redis,
  'ioredis 5': Redis5,
};

export const SETTINGS: Record<string, ClientSettings> = {
  default: {},
  'maxRetriesPerRequest: null': { maxRetriesPerRequest: null },
  'enableOfflineQueue: false': { enableOfflineQueue: false },
  'autoResendUnfulfilledCommands: false': { autoResendUnfulfilledCommands: false },
  'commandTimeout: 300': { commandTimeout: 300 },
  'enableAutoPipelining: true': { enableAutoPipelining: true },
  "keyPrefix: 'app:'": { keyPrefix: 'app:' },
  'lazyConnect: true': { lazyConnect: true },
};

/** Every major with every setting. */
export const CLIENT_KINDS: readonly ClientKind[] = Object.entries(MAJORS).flatMap(([major, Client]) =>
  Object.entries(SETTINGS).map(([setting, options]) => ({
    name: `${major}, ${setting}`,
    keyPrefix: options.keyPrefix ?? '',
    open(url: string, scale = 1): TestClient {
      const { commandTimeout } = options;
      const times = commandTimeout === undefined ? {} : { commandTimeout: commandTimeout * scale };
      const client = new Client(url, { disconnectTimeout: 100, ...options, ...times });
      client.on('error', () => undefined);
      return client as TestClient;
    },
  })),
);
