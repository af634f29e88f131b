import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Lock } from 'nestjs-redis-lock';
import { ACQUIRE } from '../../lib/stores/scripts/acquire.script.js';
import { CONTEND } from '../../lib/stores/scripts/contend.script.js';
import { RELAY } from '../../lib/stores/scripts/relay.script.js';
import type { Script } from '../../lib/stores/scripts/define-script.js';
import { RELEASE } from '../../lib/stores/scripts/release.script.js';
import { eventually } from '../support/eventually.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { rejection } from '../support/watch.js';
import { CLIENT_KINDS, type TestClient } from './support/clients.js';
import { WARM_UP } from '../support/patience.mjs';

const TTL = 60_000;

describe.each(CLIENT_KINDS)('a command of $name whose reply was lost', (kind) => {
  let server: RedisServer;
  let proxy: FaultProxy;
  let client: TestClient;
  let one: NestContext;
  let two: NestContext;
  const stored = `${kind.keyPrefix}lock:a`;

  const valueOf = (key = stored): Promise<unknown> => server.command('GET', key);
  /** The reply to the next command of this script is lost, and the connection with it; resolves when it was sent. */
  const loseReply = ({ sha }: Script): Promise<void> => {
    proxy.loseReplies(1, sha);
    return proxy.passed(sha);
  };
  const losses = (): string[] =>
    [...one.log.at('warn'), ...two.log.at('warn')].filter((text) => text.includes('was lost'));

  beforeAll(async () => {
    server = await startRedis();
    proxy = await startFaultProxy(server.port);
    client = kind.open(proxy.url);
    one = await startContext({
      lock: { connection: client, keyPrefix: 'lock:', shutdownGrace: 0, quantum: { handOvers: 0 } },
    });
    two = await startContext({
      lock: { connection: { ...portOf(server), keyPrefix: kind.keyPrefix }, keyPrefix: 'lock:', shutdownGrace: 0 },
    });
    for (const { locks } of [one, two]) await locks.withLock('warm', WARM_UP, (lock) => lock.extend());
  });
  afterEach(async () => {
    proxy.loseReplies(0, '');
    await eventually(async () => (await valueOf()) === null || (await server.command('DEL', stored)));
    await eventually(() => one.locks.withLock('works', () => true));
  });
  afterAll(async () => {
    await Promise.all([one, two].map(({ app }) => app.close()));
    client.disconnect();
    await proxy.close();
    await server.stop('SIGKILL');
  });

  it('C4d: a release is never reported as lost or stolen, even if somebody else got in meanwhile', async () => {
    const lock = await one.locks.acquire('a', { ttl: TTL });
    const passed = loseReply(RELEASE);
    const released = lock.release().catch((error) => error.code as string);
    await passed;
    await eventually(async () => (await server.command('SET', stored, 'the next one', 'NX', 'PX', TTL)) === 'OK');
    expect(['released', 'LOCK_BACKEND']).toContain(await released);
    expect(lock.signal.aborted).toBe(false);
    expect(losses()).toEqual([]);
    // Also when the release is repeated in the background.
    await eventually(() => one.locks.withLock('later', () => true));
    expect(await valueOf()).toBe('the next one');
  });

  it('C6: an acquire is held, once, and its token exceeds those before', async () => {
    const before = await one.locks.withLock('a', async (lock) => lock.fencingToken);
    const passed = loseReply(ACQUIRE);
    const lock = await one.locks.acquire('a', { ttl: TTL, wait: 5_000, backendWait: Infinity });
    await passed;
    expect(lock.fencingToken).toBeGreaterThan(before);
    expect(await two.locks.tryAcquire('a')).toBeNull();
    expect(await lock.release()).toBe('released');
    expect(await valueOf()).toBeNull();
  });

  it('C6 D1: a single try finds itself or an error, never a stranger', async () => {
    const passed = loseReply(ACQUIRE);
    const lock = await one.locks.tryAcquire('a', { ttl: TTL }).catch((error) => error.code as string);
    await passed;
    // Whether the client sends it again is a setting of its own.
    if (typeof lock === 'string') expect(lock).toBe('LOCK_BACKEND');
    else expect(await lock?.release()).toBe('released');
    await eventually(async () => (await valueOf()) === null);
  });

  it('C6 W3: a waiter that was woken gets in', async () => {
    const holder = await two.locks.acquire('a', { ttl: TTL });
    const waiting = one.locks.acquire('a', { ttl: TTL, wait: 10_000, backendWait: Infinity });
    await eventually(async () => (await two.locks.inspect('a'))?.waitingProcesses === 1);
    const passed = loseReply(CONTEND);
    expect(await holder.release()).toBe('released');
    const lock = await waiting;
    await passed;
    expect(lock.fencingToken).toBeGreaterThan(holder.fencingToken);
    expect(await two.locks.tryAcquire('a')).toBeNull();
    expect(await lock.release()).toBe('released');
    expect(await valueOf()).toBeNull();
  });

  it('C6: a hand-over that asks Redis serves the next caller, with a greater token', async () => {
    // The server and the connection know the script from a hand-over before.
    await Promise.all([one.locks.withLock('a', () => undefined), one.locks.withLock('a', () => undefined)]);
    const holder = await one.locks.acquire('a', { ttl: TTL });
    const waiting = one.locks.acquire('a', { ttl: TTL, wait: 10_000, backendWait: Infinity });
    const passed = loseReply(RELAY);
    await holder.release();
    const lock = await waiting;
    await passed;
    expect(lock.isHeld).toBe(true);
    expect(lock.fencingToken).toBeGreaterThan(holder.fencingToken);
    expect(await two.locks.tryAcquire('a')).toBeNull();
    expect(await lock.release()).toBe('released');
    expect(losses()).toEqual([]);
  });

  it.each<[string, string, (abort: AbortController) => unknown]>([
    ['aborted as it is sent', 'AbortError', (abort) => abort.abort()],
    ['cut off as it is sent, and aborted', 'AbortError', (abort) => [proxy.cut(), abort.abort()]],
    [
      'executed, disconnected and aborted',
      'AbortError',
      (abort) => [proxy.loseReplies(1, ACQUIRE.sha), setTimeout(() => abort.abort(), 20)],
    ],
  ])('C5: an acquire that is %s leaves no key', async (_, name, act) => {
    const abort = new AbortController();
    const stop = proxy.onCommand(ACQUIRE.sha, () => {
      stop();
      act(abort);
    });
    expect(
      await rejection(one.locks.acquire('a', { ttl: TTL, wait: 10_000, backendWait: Infinity, signal: abort.signal })),
    ).toMatchObject({ name });
    const next: Lock = await two.locks.acquire('a', { wait: 3_000 });
    expect(await next.release()).toBe('released');
    // Not only for a moment: whatever the client has kept back is through.
    await eventually(() => one.locks.withLock('last', () => true));
    await eventually(async () => (await valueOf()) === null);
  });
});

function portOf({ port }: RedisServer): { host: string; port: number } {
  return { host: '127.0.0.1', port };
}
