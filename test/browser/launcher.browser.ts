import { afterEach, describe, expect, it } from '@jest/globals';
import { freePort } from '../../sample/redis/free-port.js';
import { eventually } from '../support/eventually.js';
import { isAlive } from '../support/is-alive.js';
import { PATIENCE_MS } from '../support/patience.mjs';
import { startSample, type SampleProcess } from '../support/sample-process.js';
import { sendCommand } from '../support/send-command.js';

describe('npm start', () => {
  let sample: SampleProcess;

  afterEach(() => sample.stop('SIGKILL'));

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends in order on %s, and leaves no process behind',
    async (signal) => {
      const pids = await start();
      expect(await sample.stop(signal)).toBe(0);
      expect(pids.filter(isAlive)).toEqual([]);
      expect(sample.output()).not.toMatch(/error|unexpected/i);
    },
  );

  it('ends in order in the middle of a sale', async () => {
    const pids = await start();
    const sale = fetch(`${sample.url}/sales/locked`, { method: 'POST' }).catch(() => undefined);
    await eventually(async () => (await ledger()).sold > 0);
    expect(await sample.stop()).toBe(0);
    await sale;
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('leaves no process behind when it is killed', async () => {
    const pids = await start();
    await sample.stop('SIGKILL');
    await eventually(() => !pids.some(isAlive), PATIENCE_MS);
  });

  it.each([
    ['shop-1', 0],
    ['shop-2', 1],
    ['Redis', 2],
  ])('says so and ends everything when %s dies', async (name, index) => {
    const pids = await start();
    process.kill(pids[index] as number, 'SIGKILL');
    expect(await sample.exited).toBe(1);
    expect(sample.output()).toMatch(new RegExp(`^${name}.* has ended unexpectedly, so everything ends`, 'm'));
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('listens where PORT says, on loopback only', async () => {
    const port = await freePort();
    await start({ PORT: `${port}` });
    expect(sample.url).toBe(`http://localhost:${port}`);
  });

  it('tells what is wrong, without a stack, when it cannot start', async () => {
    await start();
    const { port } = new URL(sample.url);
    await expect(startSample({ PORT: port })).rejects.toThrow(
      `The sample did not start:\nPort ${port}, which PORT names, is in use.\n`,
    );
  });

  /** @returns the processes that it started: the shops, and Redis last. */
  async function start(variables?: Record<string, string>): Promise<number[]> {
    sample = await startSample(variables);
    const redisPort = /private Redis on port (\d+)/.exec(sample.output())?.[1] ?? '';
    const info = String(await sendCommand(`redis://127.0.0.1:${redisPort}`, 'INFO', 'server'));
    return [...sample.shopPids, Number(/process_id:(\d+)/.exec(info)?.[1])];
  }

  async function ledger(): Promise<{ sold: number }> {
    return (await (await fetch(`${sample.url}/items/1`)).json()) as { sold: number };
  }
});
