export { LockTestControl } from './lock-test-control.js';
export { RedisLockTestingModule, type RedisLockTestingModuleOptions } from './redis-lock-testing.module.js';
