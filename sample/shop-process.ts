import { createShop } from './create-shop.js';
import { ShopSetting } from './shop-setting.js';

const { index, urls, redisUrl } = JSON.parse(process.env.SHOP_SETTING ?? '') as ShopSetting;
const setting = new ShopSetting(index, urls, redisUrl);

const app = await createShop(setting);

let closing: Promise<void> | undefined;
const close = (): void => {
  closing ??= app.close().finally(() => process.exit());
  // Node ends the idle connections once, and keeps those that become idle later.
  setInterval(() => app.getHttpServer().closeIdleConnections(), 50);
};
process.on('SIGTERM', close);
process.on('disconnect', close); // The launcher is gone.

const { port, hostname } = new URL(urls[index] as string);
await app.listen(Number(port), hostname);
process.send?.('open');
