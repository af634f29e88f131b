import { Socket, type Server } from 'node:net';

export type Channel = 'answers' | 'log lines' | 'errors';

/** What none of them may bear: the token of a holder, and what tests use for passwords. */
const NOWHERE: readonly (readonly [what: string, form: RegExp])[] = [
  ['a token', /[\w.-]{1,64}:\d{1,7}:[a-z0-9]{6,13}#[a-z0-9]/],
  ['a password', /hunter2|rediss?:\/\/[^\s/@]{0,64}:(?!\*)[^\s/@]{1,64}@/],
];

/** What no client may be told of: the key of an app as it is in Redis. A test may send its own keys, which have no prefix. */
const NOT_TO_CLIENTS: typeof NOWHERE = [['a key', /\bapp-[0-9a-f]{8}-[0-9a-f-]{27}:/]];

/** An error of ours as clients get it may not have these fields. */
const FIELDS_OF_ERRORS = /"code":"LOCK_.*"(key|keys|cause)":|"(key|keys|cause)":.*"code":"LOCK_/s;

/** Of what hostile clients get back; no form above takes longer than this is long. */
const MAX_LENGTH = 100_000;

/** Of servers that stand between a client and Redis, and answer nobody. */
const relays = new WeakSet<Server>();

export function isRelay(server: Server): void {
  relays.add(server);
}

/** What one spec file has sent and written, and what was found in it. */
export class LeakWatch {
  readonly counts: Record<Channel, number> = { answers: 0, 'log lines': 0, errors: 0 };
  readonly #found: string[] = [];

  look(channel: Channel, whole: string): void {
    const text = whole.slice(0, MAX_LENGTH);
    this.counts[channel] += 1;
    const forms = channel === 'log lines' ? NOWHERE : [...NOWHERE, ...NOT_TO_CLIENTS];
    const leaks = forms.filter(([, form]) => form.test(text)).map(([what]) => what);
    if (channel !== 'log lines' && FIELDS_OF_ERRORS.test(text)) leaks.push('a field of an error');
    if (leaks.length > 0) this.#found.push(`${leaks.join(' and ')} among the ${channel}: ${text.slice(0, 2_000)}`);
  }

  /** What was found since the last time. */
  take(): string[] {
    return this.#found.splice(0);
  }
}

/** Looks at all that servers of this process send, by whatever protocol on a socket; returns what ends it. */
export function watchServers(watch: LeakWatch): () => void {
  const sockets = Socket.prototype as unknown as SocketWrites;
  const { _write, _writev } = sockets;
  sockets._write = function (chunk, ...rest) {
    if (answers(this)) watch.look('answers', textOf(chunk));
    return _write.call(this, chunk, ...rest);
  };
  sockets._writev = function (chunks, ...rest) {
    if (answers(this)) watch.look('answers', chunks.map(({ chunk }) => textOf(chunk)).join(''));
    return _writev.call(this, chunks, ...rest);
  };
  return () => void Object.assign(sockets, { _write, _writev });
}

/** Where Node's streams hand over what is written, one chunk or several. */
interface SocketWrites {
  readonly server?: Server | null;
  _write(this: SocketWrites, chunk: unknown, ...rest: readonly unknown[]): void;
  _writev(this: SocketWrites, chunks: readonly { readonly chunk: unknown }[], ...rest: readonly unknown[]): void;
}

function answers({ server }: SocketWrites): boolean {
  return server !== undefined && server !== null && !relays.has(server);
}

function textOf(chunk: unknown): string {
  return typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString('latin1');
}

declare global {
  // One for each spec file: jest gives each a global object of its own.
  var leakWatch: LeakWatch | undefined;
}

/** For the helpers that logs and errors of the tests go through. */
export function lookAt(channel: Channel, text: string): void {
  globalThis.leakWatch?.look(channel, text);
}
