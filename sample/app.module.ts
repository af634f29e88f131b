import { Module, type DynamicModule } from '@nestjs/common';
import { BackendModule } from './backend.module.js';
import type { ShopSetting } from './shop-setting.js';
import { ShopModule } from './shop/shop.module.js';
import { StageModule } from './stage/stage.module.js';

@Module({ imports: [ShopModule, StageModule] })
export class AppModule {
  static for(setting: ShopSetting): DynamicModule {
    return { module: AppModule, imports: [BackendModule.for(setting)] };
  }
}
