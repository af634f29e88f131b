'use strict';
exports.RedisLockService = require('nestjs-redis-lock').RedisLockService;
