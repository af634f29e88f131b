export { RedisLockTestingModule, type RedisLockTestingModuleOptions } from './redis-lock-testing.module.js';
