import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Program } from './require-program.js';

export const NATS_PROGRAM: Program = {
  what: 'a NATS server (nats-server)',
  find: () => find('NATS_SERVER_BIN', [], 'nats-server'),
  debianPackage: 'nats-server',
  variable: 'NATS_SERVER_BIN',
  install: { 'Debian, Ubuntu': 'sudo apt-get install nats-server', macOS: 'brew install nats-server' },
};

/** What Debian puts on the PATH starts the service, with the settings and as the user of the service. */
const DEBIAN_RABBITMQ = '/usr/lib/rabbitmq/bin/rabbitmq-server';

export const RABBITMQ_PROGRAM: Program = {
  what: 'a RabbitMQ server (rabbitmq-server)',
  find: () => find('RABBITMQ_SERVER_BIN', [DEBIAN_RABBITMQ], 'rabbitmq-server'),
  debianPackage: 'rabbitmq-server',
  variable: 'RABBITMQ_SERVER_BIN',
  install: { 'Debian, Ubuntu': 'sudo apt-get install rabbitmq-server', macOS: 'brew install rabbitmq' },
};

function find(variable: string, places: readonly string[], name: string): string | undefined {
  const named = process.env[variable];
  if (named) return [named].find(isExecutable);
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...places, ...folders.map((folder) => join(folder, name))].find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
