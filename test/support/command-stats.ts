import { sendCommand } from './send-command.js';

const LINE = /^cmdstat_([^:]+):calls=(\d+)/gm;

/** How often the server ran each command since it started, or since `resetCommandCounts()`; a command within a script counts as itself too. */
export async function commandCounts(redisUrl: string): Promise<Record<string, number>> {
  const report = String(await sendCommand(redisUrl, 'INFO', 'commandstats'));
  return Object.fromEntries([...report.matchAll(LINE)].map(([, name = '', calls]) => [name, Number(calls)]));
}

export async function resetCommandCounts(redisUrl: string): Promise<void> {
  await sendCommand(redisUrl, 'CONFIG', 'RESETSTAT');
}
