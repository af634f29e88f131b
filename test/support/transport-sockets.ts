import { once } from 'node:events';
import type { INestApplication, WebSocketAdapter } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { eventually } from './eventually.js';

export interface SocketEvent {
  readonly event: string;
  readonly data: any;
}

/** A client of a gateway, as both kinds of sockets are one. */
export interface SocketClient {
  send(event: string, data: unknown): void;
  /** What came so far. */
  readonly events: readonly SocketEvent[];
  /** The events that came, when there are `count` of them. */
  received(count: number): Promise<readonly SocketEvent[]>;
  close(): void;
}

export interface SocketPlatform {
  readonly platform: string;
  readonly adapter: (app: INestApplication) => WebSocketAdapter;
  readonly connect: (url: string) => Promise<SocketClient>;
}

export const SOCKET_PLATFORMS: readonly SocketPlatform[] = [
  { platform: 'socket.io', adapter: (app) => new IoAdapter(app), connect: connectSocketIo },
  { platform: 'ws', adapter: (app) => new WsAdapter(app), connect: connectWs },
];

async function connectSocketIo(url: string): Promise<SocketClient> {
  const socket = io(url, { transports: ['websocket'], reconnection: false, forceNew: true });
  const events: SocketEvent[] = [];
  socket.onAny((event: string, data: unknown) => void events.push({ event, data }));
  await eventually(() => socket.connected);
  return client(
    events,
    (event, data) => void socket.emit(event, data),
    () => void socket.disconnect(),
  );
}

async function connectWs(url: string): Promise<SocketClient> {
  const socket = new WebSocket(url.replace('http', 'ws'));
  const events: SocketEvent[] = [];
  socket.on('message', (message: Buffer) => void events.push(JSON.parse(message.toString()) as SocketEvent));
  await once(socket, 'open');
  return client(
    events,
    (event, data) => socket.send(JSON.stringify({ event, data })),
    () => socket.terminate(),
  );
}

function client(events: readonly SocketEvent[], send: SocketClient['send'], close: () => void): SocketClient {
  const received = async (count: number): Promise<readonly SocketEvent[]> => {
    await eventually(() => events.length >= count);
    return events;
  };
  return { send, events, received, close };
}
