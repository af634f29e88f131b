// `node delay-proxy.mjs PORT MS`, forked: forwards to PORT of this machine and holds back for MS what clients send, as a longer wire would.
import { connect, createServer } from 'node:net';

const [port, delay] = process.argv.slice(2).map(Number);
process.on('disconnect', () => process.exit());

const server = createServer({ noDelay: true }, (client) => {
  const upstream = connect({ port, host: '127.0.0.1', noDelay: true });
  // Timers of one length fire in the order in which they were set, so the bytes stay in order.
  client.on('data', (chunk) => setTimeout(() => upstream.write(chunk), delay));
  upstream.on('data', (chunk) => client.write(chunk));
  for (const [socket, other] of [
    [client, upstream],
    [upstream, client],
  ]) {
    socket.on('error', () => undefined);
    socket.on('close', () => other.destroy());
  }
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
