export { LockTestControl } from './lock-test-control.js';
export { useLocksInMemory, type LocksInMemoryOptions, type ProviderOverrides } from './use-locks-in-memory.js';
export { RedisLockTestingModule, type RedisLockTestingModuleOptions } from './redis-lock-testing.module.js';
