import { freePort } from '../redis/free-port.js';
import type { Backend } from '../redis/open-backend.js';
import { ShopSetting } from '../shop-setting.js';
import { ShopChild } from './shop-child.js';

const PROCESSES = 2;

/** Runs the processes of the shop, the first of them on `port`, until one of them or Redis dies, or `interrupted` resolves. */
export async function launch(backend: Backend, port: number, interrupted: Promise<void>): Promise<void> {
  const urls = await addresses(port, backend.redisUrl === undefined ? 1 : PROCESSES);
  const shops = urls.map((_, index) => new ShopChild(new ShopSetting(index, urls, backend.redisUrl)));
  try {
    await Promise.all(shops.map((shop) => shop.opened()));
    console.log(
      `${shops.map(({ name }) => name).join(' and ')} ${shops.length > 1 ? 'are' : 'is'} open.\n\n  http://localhost:${port}\n\nctrl-c ends it.`,
    );
    const deaths = [backend.exited.then(() => 'Redis'), ...shops.map(({ name, exited }) => exited.then(() => name))];
    const dead = await Promise.race([interrupted, ...deaths]);
    console.log('\nClosing…');
    if (dead !== undefined) throw new Error(`${dead} has ended unexpectedly, so everything ends.`);
  } finally {
    await Promise.all(shops.map((shop) => shop.close()));
  }
}

async function addresses(firstPort: number, count: number): Promise<string[]> {
  const ports = [firstPort];
  while (ports.length < count) ports.push(await freePort());
  return ports.map((port) => `http://127.0.0.1:${port}`);
}
