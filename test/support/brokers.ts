import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../sample/redis/free-port.js';
import { guard } from '../../sample/redis/guardian.js';
import { spawnServer } from '../../sample/redis/spawn-server.js';
import { NATS_PROGRAM, RABBITMQ_PROGRAM } from './broker-programs.js';
import { eventually } from './eventually.js';
import { PATIENCE_MS } from './patience.mjs';
import { requireProgram } from './require-program.js';

/** A message broker of its own for one suite, on loopback. It ends with this process at the latest. */
export interface Broker {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startNats(): Promise<Broker> {
  const port = await freePort();
  const stop = await start(
    [requireProgram(NATS_PROGRAM), '--addr', '127.0.0.1', '--port', `${port}`],
    {},
    'Server is ready',
  );
  return { url: `nats://127.0.0.1:${port}`, stop };
}

/** Erlang's registry of names is a process of its own, which would stay for ever if the broker started it. */
const RABBITMQ = 'epmd & until epmd -names >/dev/null 2>&1; do sleep 0.05; done; exec "$0"';

export async function startRabbitMq(): Promise<Broker> {
  const [port, distribution, names] = [await freePort(), await freePort(), await freePort()];
  const settings = {
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_CRASH_DUMP_SECONDS: '0',
    ERL_EPMD_PORT: `${names}`,
    RABBITMQ_NODENAME: 'test@localhost',
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: `${port}`,
    RABBITMQ_DIST_PORT: `${distribution}`,
    RABBITMQ_LOGS: '-',
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1} +S 1:1',
  };
  const stop = await start(
    ['/bin/sh', '-c', RABBITMQ, requireProgram(RABBITMQ_PROGRAM)],
    settings,
    'Server startup complete',
  );
  return { url: `amqp://guest:guest@127.0.0.1:${port}`, stop };
}

/** Runs a broker, all of whose files are in a temporary folder, until it has said that it is ready. */
async function start(
  command: readonly string[],
  settings: Readonly<Record<string, string>>,
  ready: string,
): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'broker-'));
  const files = {
    HOME: folder,
    RABBITMQ_MNESIA_BASE: folder,
    RABBITMQ_LOG_BASE: folder,
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_CONFIG_FILE: join(folder, 'none'),
  };
  const env = Object.entries({ ...files, ...settings }).map(([name, value]) => `${name}=${value}`);
  const log = join(folder, 'log');
  const { pid, failed } = await spawnServer('/usr/bin/env', [...env, ...command], log);
  // A group of processes: the minus tells kill(1) so.
  const guardian = guard(-pid, folder);
  const exited = failed.catch(() => undefined);
  const stop = async (): Promise<void> => {
    process.kill(-pid, 'SIGKILL');
    await exited;
    guardian.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  await Promise.race([eventually(() => readFileSync(log, 'utf8').includes(ready), PATIENCE_MS), failed]);
  return stop;
}
