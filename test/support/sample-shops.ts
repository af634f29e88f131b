import { createShop } from '../../sample/create-shop.js';
import { freePort } from '../../sample/redis/free-port.js';
import { ShopSetting } from '../../sample/shop-setting.js';

export interface SampleShops {
  readonly urls: readonly string[];
  close(): Promise<void>;
}

/** Opens the sample's shop, as several apps within this process. */
export async function openShops(redisUrl: string | undefined, count: number): Promise<SampleShops> {
  const ports = await Promise.all(Array.from({ length: count }, freePort));
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const apps = await Promise.all(urls.map((_, index) => createShop(new ShopSetting(index, urls, redisUrl))));
  await Promise.all(apps.map((app, index) => app.listen(ports[index] as number, '127.0.0.1')));
  return {
    urls,
    close: async () => {
      await Promise.all(apps.map((app) => app.close()));
    },
  };
}
