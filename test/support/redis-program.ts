import { findRedisServer } from '../../sample/redis/find-redis-server.js';
import { INSTALL_REDIS } from '../../sample/redis/install-redis.js';
import type { Program } from './require-program.js';

export const REDIS_PROGRAM: Program = {
  what: 'a Redis server (redis-server or valkey-server)',
  find: findRedisServer,
  debianPackage: 'redis-server',
  variable: 'REDIS_SERVER_BIN',
  install: INSTALL_REDIS,
};
