import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** `forward` all; `drop-replies`: requests arrive, replies do not; `black-hole`: connections open and nothing passes. */
type Mode = 'forward' | 'drop-replies' | 'black-hole';

/** A TCP proxy before a Redis server, for the faults of a network. */
export interface FaultProxy {
  readonly url: string;
  /** For present and future connections. What was dropped does not come back. */
  set(mode: Mode): void;
  /** Breaks all connections that are open. */
  cut(): void;
  /** Connections that are open. */
  readonly connections: number;
  close(): Promise<void>;
}

export async function startFaultProxy(port: number): Promise<FaultProxy> {
  let mode: Mode = 'forward';
  const pairs = new Set<[Socket, Socket]>();
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    client.on('data', (chunk) => mode !== 'black-hole' && upstream.write(chunk));
    upstream.on('data', (chunk) => mode === 'forward' && client.write(chunk));
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        pairs.delete(pair);
        pair.forEach((end) => end.destroy());
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => pairs.forEach(([client]) => client.destroy());
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set: (next) => (mode = next),
    cut,
    get connections() {
      return pairs.size;
    },
    close: async () => {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}
