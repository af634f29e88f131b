// Checks `npm start` as its users have it: from the sources, with a Redis server and on a machine without one.
import assert from 'node:assert';
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Report } from '../package/report.mjs';
import { eventually } from '../support/eventually.ts';
import { isAlive } from '../support/is-alive.ts';
import { startSample } from '../support/sample-process.ts';

const SERVERS = ['redis-server', 'valkey-server'];
const END_MS = 10_000;

/** A PATH on which everything is found but a Redis server. */
function pathWithoutServers() {
  const folders = process.env.PATH.split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => (SERVERS.some((name) => existsSync(join(folder, name))) ? without(folder) : folder));
}

function without(folder) {
  const copy = mkdtempSync(join(scratch, 'path-'));
  const others = readdirSync(folder).filter((name) => !SERVERS.includes(name));
  for (const name of others) symlinkSync(join(folder, name), join(copy, name));
  return copy;
}

/** @param isInMemory - whether it has to say, or must not say, that it runs in memory. */
async function check(variables, isInMemory) {
  const sample = await startSample({ PORT: undefined, REDIS_SERVER_BIN: undefined, ...variables }, 'npm start');
  try {
    console.log(sample.output().trim());
    const says = sample.output().includes('NOTICE: no redis-server');
    assert.equal(says, isInMemory, isInMemory ? 'It does not say that it runs in memory.' : 'It does not use Redis.');
    await answers(sample.url);
    void sample.stop('SIGTERM');
    await eventually(() => hasEnded(sample), END_MS).catch(() => assert.fail('It did not end when told to.'));
    await assert.rejects(fetch(sample.url), 'It has ended, and something still answers at its address.');
  } finally {
    await sample.stop('SIGKILL');
  }
}

/** npm itself is gone before the others are. */
function hasEnded(sample) {
  return sample.output().includes('Closed.') && !sample.shopPids.some(isAlive);
}

async function answers(url) {
  const reply = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  console.log(`${url} answers ${reply.status} ${reply.headers.get('content-type')}`);
  assert.ok(reply.ok, `It answers ${reply.status}.`);
}

const report = new Report();
const scratch = mkdtempSync(join(tmpdir(), 'sample-'));
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

await report.check('npm start', () => check({}, false));
await report.check('npm start, without a Redis server', () =>
  check({ PATH: pathWithoutServers().join(delimiter) }, true),
);
console.log(report.summary);
process.exitCode = report.failed === 0 ? 0 : 1;
