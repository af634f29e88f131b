declare const library: { readonly RedisLockService: unknown };
export = library;
