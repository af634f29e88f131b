import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OwnerTokens } from '../../lib/engine/lease/owner-token.js';
import { isRelay, LeakWatch, type Channel } from '../support/leak-watch.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { uniqueKey } from '../support/unique-key.js';
import { rejection } from '../support/watch.js';

const TOKEN = new OwnerTokens().next(undefined);
const PREFIXED = `${uniqueKey('app')}:order:1`;
const everywhere = globalThis.leakWatch as LeakWatch;

describe('the search for leaks', () => {
  it.each<[string, Channel, string]>([
    ['a token', 'answers', `{"owner":"${TOKEN}"}`],
    ['a token', 'log lines', `held by ${TOKEN}`],
    ['a token', 'errors', TOKEN],
    ['a password', 'log lines', 'redis://:hunter2@redis.example'],
    ['a password', 'answers', 'redis://user:anything@127.0.0.1:6379'],
    ['a key', 'answers', `"${PREFIXED}" is busy`],
    ['a key', 'errors', PREFIXED],
    ['a field of an error', 'answers', '{"code":"LOCK_LOST","key":"order:1"}'],
    ['a field of an error', 'errors', '{"cause":{},"code":"LOCK_BACKEND"}'],
  ])('finds %s among the %s', (what, channel, text) => {
    const watch = new LeakWatch();
    watch.look(channel, text);
    expect(watch.take()).toEqual([expect.stringContaining(`${what} among the ${channel}`)]);
    expect(watch.counts[channel]).toBe(1);
  });

  it('lets a log name a key, and a handler answer with its own', () => {
    const watch = new LeakWatch();
    watch.look('log lines', `The lock ${PREFIXED} is busy.`);
    watch.look('answers', '{"key":"order:1"}');
    expect(watch.take()).toEqual([]);
  });

  describe('is on in each spec file', () => {
    const found = (): string[] => everywhere.take();
    let before: Record<Channel, number>;

    beforeEach(() => {
      before = { ...everywhere.counts };
    });

    afterEach(() => expect(found()).toEqual([]));

    it('for what a server answers by HTTP', async () => {
      const server = createHttpServer((_, response) => response.end(TOKEN)).listen(0, '127.0.0.1');
      await once(server, 'listening');
      await (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)).text();
      server.closeAllConnections();
      server.close();
      expect(everywhere.counts.answers).toBeGreaterThan(before.answers);
      expect(found().join()).toContain('a token among the answers');
    });

    it.each([
      ['a server', (): void => undefined, 1],
      ['a relay of Redis', isRelay, 0],
    ])('for what %s sends', async (_, mark, leaks) => {
      const server = createServer((socket) => void socket.end(TOKEN)).listen(0, '127.0.0.1');
      mark(server);
      await once(server, 'listening');
      const client = connect((server.address() as AddressInfo).port, '127.0.0.1').resume();
      await once(client, 'close');
      server.close();
      expect(found()).toHaveLength(leaks);
    });

    it('for what an app logs', () => {
      new RecordingLogger().warn(TOKEN);
      expect(found()).toHaveLength(1);
    });

    it('for errors', async () => {
      await rejection(Promise.reject(Object.assign(new Error('busy'), { code: 'LOCK_NOT_ACQUIRED', key: 'order:1' })));
      expect(found()).toHaveLength(1);
    });
  });
});
