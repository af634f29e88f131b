import { connect, type Socket } from 'node:net';
import { RespFrames } from './resp-frames.js';

/** What is wrong with all links of a proxy. */
export interface Faults {
  mode: 'forward' | 'drop-replies' | 'black-hole';
  /** Milliseconds, in each direction. */
  delay: number;
  lost: Count;
  doubled: Count;
  refusal: { readonly error: string; readonly text: string } | undefined;
  readonly listeners: Set<{ readonly text: string; readonly tell: (command: string) => void }>;
}

/** How many commands with this text a fault still meets. */
interface Count {
  count: number;
  readonly text: string;
}

/** What becomes of a reply: it passes, it is lost and the connection with it, or something else stands in its place. */
type Fate = 'pass' | 'lose' | { readonly replacement: string };

/** A harmless command whose reply is replaced, so that replies stay in the order of their commands. */
const PING = '*1\r\n$4\r\nPING\r\n';

/** One connection of a client through the proxy. */
export class FaultyLink {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #faults: Faults;
  /** Of the commands that were forwarded and not answered yet. */
  readonly #fates: Fate[] = [];
  #isHalfOpen = false;
  #hasSubscribed = false;

  constructor(client: Socket, port: number, faults: Faults, onClose: () => void) {
    this.#client = client;
    this.#upstream = connect(port, '127.0.0.1');
    this.#faults = faults;
    const [requests, replies] = [new RespFrames(), new RespFrames()];
    const [toServer, toClient] = [new Lane(this.#upstream, faults), new Lane(client, faults)];
    client.on('data', (chunk) =>
      inOnePiece(this.#upstream, () => requests.push(chunk).forEach((frame) => this.#onRequest(frame, toServer))),
    );
    this.#upstream.on('data', (chunk) =>
      inOnePiece(client, () => replies.push(chunk).forEach((frame) => this.#onReply(frame, toClient))),
    );
    for (const socket of [client, this.#upstream]) {
      socket.on('error', () => undefined);
      socket.setNoDelay(true);
    }
    client.on('close', () => {
      this.cut();
      onClose();
    });
    this.#upstream.on('close', () => {
      if (!this.#isHalfOpen) this.cut();
    });
  }

  get hasSubscribed(): boolean {
    return this.#hasSubscribed;
  }

  cut(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }

  halfOpen(): void {
    this.#isHalfOpen = true;
    this.#upstream.destroy();
  }

  #onRequest(frame: string, toServer: Lane): void {
    const { listeners } = this.#faults;
    const command = frame.toLowerCase();
    if (command.includes('\r\nsubscribe\r\n')) this.#hasSubscribed = true;
    for (const { text, tell } of [...listeners]) if (command.includes(text.toLowerCase())) tell(frame);
    const { mode, refusal, lost, doubled } = this.#faults;
    if (mode === 'black-hole' || this.#isHalfOpen) return;
    if (refusal !== undefined && command.includes(refusal.text.toLowerCase())) {
      this.#fates.push({ replacement: `-${refusal.error}\r\n` });
      return toServer.send(PING);
    }
    this.#fates.push(meets(lost, command) ? 'lose' : 'pass');
    toServer.send(frame);
    if (!meets(doubled, command)) return;
    this.#fates.push({ replacement: '' });
    toServer.send(frame);
  }

  #onReply(frame: string, toClient: Lane): void {
    // What is pushed answers no command.
    const fate = frame.startsWith('>') ? 'pass' : (this.#fates.shift() ?? 'pass');
    if (this.#faults.mode !== 'forward') return;
    if (fate === 'lose') return this.cut();
    toClient.send(fate === 'pass' ? frame : fate.replacement);
  }
}

/** One direction: what was sent first, arrives first. */
class Lane {
  #tail = Promise.resolve();
  #waiting = 0;

  constructor(
    private readonly socket: Socket,
    private readonly faults: Faults,
  ) {}

  send(bytes: string): void {
    if (this.faults.delay === 0 && this.#waiting === 0) return this.#write(bytes);
    const due = performance.now() + this.faults.delay;
    this.#waiting += 1;
    this.#tail = this.#tail
      .then(() => until(due))
      .then(() => {
        this.#waiting -= 1;
        this.#write(bytes);
      });
  }

  #write(bytes: string): void {
    if (bytes !== '' && this.socket.writable) this.socket.write(bytes, 'latin1');
  }
}

/** What came in one piece goes on in one piece: the proxy adds no turn of an event loop between two commands. */
function inOnePiece(socket: Socket, send: () => void): void {
  socket.cork();
  send();
  socket.uncork();
}

/** No timer for what is due: a crowd would be held up by a millisecond each. */
function until(due: number): Promise<void> | undefined {
  const left = due - performance.now();
  return left <= 0 ? undefined : new Promise((resolve) => void setTimeout(resolve, left));
}

function meets(fault: Count, command: string): boolean {
  if (fault.count === 0 || !command.includes(fault.text.toLowerCase())) return false;
  fault.count -= 1;
  return true;
}
