/** The server of this worker of jest. */
const worker = Number(process.env.JEST_WORKER_ID ?? 1);
process.env.TEST_REDIS_URL = process.env.TEST_REDIS_URLS?.split(' ')[worker - 1] ?? '';
