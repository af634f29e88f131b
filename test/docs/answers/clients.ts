import type { DynamicModule, INestApplication } from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { RedisLockModule } from 'nestjs-redis-lock';
import { lastValueFrom } from 'rxjs';
import { freePort } from '../../../sample/redis/free-port.js';
import { askGraphQL } from '../../support/ask-graphql.js';
import { grpcClient, PROTO } from '../../support/grpc-client.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { SOCKET_PLATFORMS } from '../../support/transport-sockets.js';
import { rejection } from '../../support/watch.js';
import { FailuresModule } from './failures.js';

/** What a client is told of each code. */
export type Ask = (code: string) => Promise<unknown>;

/** A hybrid app that fails by every transport, and a client for each. */
export interface World {
  readonly ask: {
    readonly http: Ask;
    readonly graphql: Ask;
    readonly grpc: Ask;
    readonly microservice: Ask;
    readonly socket: Ask;
  };
  readonly log: RecordingLogger;
  close(): Promise<void>;
}

const apollo = (): DynamicModule =>
  GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true });
const mercurius = (): DynamicModule =>
  GraphQLModule.forRoot<MercuriusDriverConfig>({ driver: MercuriusDriver, autoSchemaFile: true });

/** Each platform of HTTP with the sockets and the GraphQL that go with it. */
export const WORLDS = {
  Express: () => open(new ExpressAdapter(), apollo(), 'socket.io'),
  Fastify: () => open(new FastifyAdapter(), mercurius(), 'ws'),
} as const;

async function open(adapter: AbstractHttpAdapter, graphql: DynamicModule, sockets: string): Promise<World> {
  const imports = [RedisLockModule.forRoot({ connection: process.env.TEST_REDIS_URL ?? '' }), graphql, FailuresModule];
  const log = new RecordingLogger();
  const app = await NestFactory.create({ module: class RootModule {}, imports }, adapter, {
    logger: log,
    abortOnError: false,
  });
  const tcp = { transport: Transport.TCP, options: { host: '127.0.0.1', port: await freePort() } } as const;
  const grpc = `127.0.0.1:${await freePort()}`;
  app.connectMicroservice(tcp, { inheritAppConfig: true });
  app.connectMicroservice({ transport: Transport.GRPC, options: { ...PROTO, url: grpc } }, { inheritAppConfig: true });
  const platform = SOCKET_PLATFORMS.find(({ platform: name }) => name === sockets) ?? SOCKET_PLATFORMS[0]!;
  app.useWebSocketAdapter(platform.adapter(app));
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const [client, socket, caller] = [ClientProxyFactory.create(tcp), await platform.connect(url), grpcClient(grpc)];
  const ask: World['ask'] = {
    http: async (code) => http(await fetch(`${url}/${code}`)),
    graphql: (code) => query(url, code),
    grpc: (code) => rejection(caller.call('Fail', code).answer),
    microservice: (code) => rejection(lastValueFrom(client.send('fail', code))),
    socket: async (code) => {
      const known = socket.events.length;
      socket.send('fail', code);
      return (await socket.received(known + 1))[known];
    },
  };
  const close = async (): Promise<void> => {
    socket.close();
    caller.close();
    await client.close();
    await closeApp(app);
  };
  return { ask, log, close };
}

async function http(response: Response): Promise<object> {
  const body: unknown = await response.json();
  return { status: response.status, 'Retry-After': response.headers.get('retry-after') ?? undefined, body };
}

async function query(url: string, code: string): Promise<unknown> {
  const { errors } = (await askGraphQL(`${url}/graphql`, `{ fail(code: "${code}") }`)) as { errors: [unknown] };
  return errors[0];
}

async function closeApp(app: INestApplication): Promise<void> {
  app.getHttpServer().closeAllConnections();
  await app.close();
}
