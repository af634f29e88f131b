import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { choosePort } from '../../sample/launcher/choose-port.js';

describe('choosePort()', () => {
  it.each([undefined, '', '0'])('finds a free one for PORT=%s', async (wanted) => {
    expect(await choosePort(wanted)).toBeGreaterThan(1023);
  });

  it('takes the one that PORT names', async () => {
    const free = await choosePort('0');
    expect(await choosePort(String(free))).toBe(free);
  });

  it.each(['127.0.0.1', '::1'])('refuses the one that PORT names when it is busy at %s', async (host) => {
    const server = createServer().listen(0, host);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(choosePort(String(port))).rejects.toThrow(`Port ${port}, which PORT names, is in use.`);
    server.close();
  });

  it.each(['shop', '-1', '65536', '3000.5'])('refuses PORT=%s', async (wanted) => {
    await expect(choosePort(wanted)).rejects.toThrow(/which is no port/);
  });
});
