import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { isRelay } from './leak-watch.js';
import { FaultyLink, type Faults } from './faulty-link.js';

/**
 * `forward` all; `drop-replies`: requests arrive, replies do not; `black-hole`: connections open and nothing passes. A connection on which
 * something was dropped is of no use afterwards: cut it.
 */
type Mode = 'forward' | 'drop-replies' | 'black-hole';

/** A TCP proxy before a Redis server, for the faults of a network. It knows the protocol, so that a fault meets one command and not another. */
export interface FaultProxy {
  readonly url: string;
  /** For present and future connections. What was dropped does not come back. */
  set(mode: Mode): void;
  /** Breaks all connections that are open. */
  cut(): void;
  /** Holds up whatever passes from now on, by so many milliseconds in each direction; 0 ends it. */
  delay(ms: number): void;
  /** Breaks the server's end of all connections that are open, or of those that subscribed; the clients' ends stay open, and nobody answers. */
  halfOpen(whose?: 'all' | 'subscribers'): void;
  /** The next `count` commands that contain `text` are executed, and their connection breaks in place of the reply. */
  loseReplies(count: number, text: string): void;
  /** The next `count` commands that contain `text` are executed twice; the client sees one reply. */
  duplicate(count: number, text: string): void;
  /** While set, commands that contain `text` are not executed but answered with this error. */
  refuse(error: string | undefined, text?: string): void;
  /** Calls back, before the command passes, for each that contains `text`: what is set then, meets it already. Returns what ends it. */
  onCommand(text: string, listener: (command: string) => void): () => void;
  /** Resolves when a command that contains `text` passes. */
  passed(text: string): Promise<void>;
  /** Connections that are open. */
  readonly connections: number;
  close(): Promise<void>;
}

export async function startFaultProxy(port: number): Promise<FaultProxy> {
  const faults: Faults = {
    mode: 'forward',
    delay: 0,
    lost: { count: 0, text: '' },
    doubled: { count: 0, text: '' },
    refusal: undefined,
    listeners: new Set(),
  };
  const links = new Set<FaultyLink>();
  const server = createServer((client) => {
    const link = new FaultyLink(client, port, faults, () => links.delete(link));
    links.add(link);
  });
  isRelay(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => links.forEach((link) => link.cut());
  const onCommand: FaultProxy['onCommand'] = (text, tell) => {
    const listener = { text, tell };
    faults.listeners.add(listener);
    return () => void faults.listeners.delete(listener);
  };
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set: (mode) => void (faults.mode = mode),
    cut,
    delay: (ms) => void (faults.delay = ms),
    halfOpen: (whose = 'all') =>
      links.forEach((link) => {
        if (whose === 'all' || link.hasSubscribed) link.halfOpen();
      }),
    loseReplies: (count, text) => void (faults.lost = { count, text }),
    duplicate: (count, text) => void (faults.doubled = { count, text }),
    refuse: (error, text = 'eval') => void (faults.refusal = error === undefined ? undefined : { error, text }),
    onCommand,
    passed: (text) =>
      new Promise((resolve) => {
        const stop = onCommand(text, () => {
          stop();
          resolve();
        });
      }),
    get connections() {
      return links.size;
    },
    close: async () => {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}
