export default async function globalTeardown(): Promise<void> {
  await Promise.all((globalThis.sharedRedis ?? []).map((server) => server.stop('SIGKILL')));
}
