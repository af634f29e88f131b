import { Redis } from 'ioredis';

let sent = 0;
const { sendCommand } = Redis.prototype;
// On the prototype: it sees pipelines, commands sent once more, and clients that a library makes for itself. What a script calls on the server
// is not counted, as it costs no round trip.
Redis.prototype.sendCommand = function (...args) {
  sent += 1;
  return sendCommand.apply(this, args);
};

/** Connected; with the options that a user has who gives none. */
export async function connect(url, options) {
  const client = new Redis(url, { ...options, lazyConnect: true });
  client.on('error', () => undefined); // Commands fail too, and are counted there.
  await client.connect();
  return client;
}

/** Starts counting what this process spends; the function returned tells it. */
export function startMeter() {
  const before = sent;
  const cpu = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { commands: sent - before, cpu: user + system };
  };
}

/** Bytes that are in use after garbage collection. */
export function heapUsed() {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
