import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

export default async function globalTeardown(): Promise<void> {
  await Promise.all((globalThis.sharedRedis ?? []).map((server) => server.stop('SIGKILL')));
  tellOfLeaks(process.env.TEST_LEAK_COUNTS ?? '');
}

/** How much watch-leaks.ts has looked at: what it found has failed the test that it was found in. */
function tellOfLeaks(file: string): void {
  const totals: Record<string, number> = {};
  for (const line of existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []) {
    for (const [channel, count] of Object.entries(JSON.parse(line) as Record<string, number>))
      totals[channel] = (totals[channel] ?? 0) + count;
  }
  const sum = Object.entries(totals).map(([channel, count]) => `${count} ${channel}`);
  process.stdout.write(`\nSearched for keys, tokens and passwords: ${sum.join(', ') || 'nothing'}.\n`);
  rmSync(dirname(file), { recursive: true, force: true });
}
