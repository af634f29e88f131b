import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import type { ShopSetting } from './shop-setting.js';

const PAGE = fileURLToPath(new URL('./public', import.meta.url));

/** One process of the shop, not yet listening. */
export async function createShop(setting: ShopSetting): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.for(setting), {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  app.useStaticAssets(PAGE);
  return app;
}
