import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { RedisLockModuleExtras, RedisLockModuleOptions } from './interfaces/module-options.interface.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<RedisLockModuleOptions>({
  moduleName: 'RedisLock',
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createRedisLockOptions')
  .setExtras<Required<RedisLockModuleExtras>>({ isGlobal: true }, (definition, { isGlobal }) => ({
    ...definition,
    global: isGlobal,
  }))
  .build();
