import { describe, expect, it } from '@jest/globals';
import { openBackend } from '../../sample/redis/open-backend.js';
import { sendCommand } from '../support/send-command.js';

const { PATH } = process.env;
const URL_OF_REDIS = process.env.TEST_REDIS_URL ?? '';

describe('openBackend()', () => {
  it.each([{ PATH: '' }, { PATH, REDIS_SERVER_BIN: '/nowhere/redis-server' }])(
    'is memory without a server (case %#), and says what that means',
    async (env) => {
      const { redisUrl, description } = await openBackend(env);
      expect(redisUrl).toBeUndefined();
      expect(description).toMatch(/NOTICE: no redis-server.*in memory.*ONE process/s);
      expect(description).toContain('apt-get install redis-server');
    },
  );

  it('uses the Redis that REDIS_URL names, and leaves it alone', async () => {
    const backend = await openBackend({ PATH: '', REDIS_URL: URL_OF_REDIS });
    expect(backend.redisUrl).toBe(URL_OF_REDIS);
    expect(backend.description).toContain(new URL(URL_OF_REDIS).host);
    await backend.close();
    expect(await sendCommand(URL_OF_REDIS, 'PING')).toBe('PONG');
  });

  it('says so when no Redis answers there, without its password', async () => {
    const url = 'redis://user:secret@127.0.0.1:1';
    await expect(openBackend({ REDIS_URL: url })).rejects.toThrow(
      /^REDIS_URL is set, but no Redis answers at 127.0.0.1:1.$/,
    );
  });

  it('starts a private server otherwise, and ends it', async () => {
    const backend = await openBackend({ PATH });
    const url = backend.redisUrl ?? '';
    expect(await sendCommand(url, 'PING')).toBe('PONG');
    await backend.close();
    await backend.exited;
    await expect(sendCommand(url, 'PING')).rejects.toThrow();
  });
});
