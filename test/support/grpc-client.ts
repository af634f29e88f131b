import { join } from 'node:path';
import {
  credentials,
  loadPackageDefinition,
  type ClientReadableStream,
  type Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export const PROTO = { package: 'orders', protoPath: join(import.meta.dirname, 'orders.proto') };

/** What a client of gRPC was told in place of an answer. */
export interface GrpcRefusal {
  readonly status: number;
  readonly message: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface GrpcCall<T> {
  readonly answer: Promise<T>;
  cancel(): void;
}

export interface GrpcClient {
  call(method: string, id: string): GrpcCall<{ readonly key: string }>;
  /** What came of a method that answers with a stream. */
  stream(method: string, id: string): GrpcCall<unknown[]>;
  close(): void;
}

type Callback = (error: ServiceError | null, answer: { readonly key: string }) => void;

/** A client of its own process, as far as gRPC knows: the one of Google, not of Nest. */
export function grpcClient(url: string): GrpcClient {
  const { orders } = loadPackageDefinition(loadSync(PROTO.protoPath)) as any;
  const client = new orders.Orders(url, credentials.createInsecure());
  return {
    call: (method, id) => {
      let cancel = (): void => undefined;
      const answer = new Promise<{ readonly key: string }>((resolve, reject) => {
        const done: Callback = (error, value) => (error === null ? resolve(value) : reject(refusal(error)));
        const call = client[method]({ id }, done);
        cancel = () => call.cancel();
      });
      return { answer, cancel };
    },
    stream: (method, id) => {
      const isTwoWay = client[method].requestStream as boolean;
      const call: ClientReadableStream<unknown> & { write?: (message: object) => void; end?: () => void } = isTwoWay
        ? client[method]()
        : client[method]({ id });
      call.write?.({ id });
      call.end?.();
      const answer = new Promise<unknown[]>((resolve, reject) => {
        const values: unknown[] = [];
        call.on('data', (value) => void values.push(value));
        call.on('error', (error: ServiceError) => reject(refusal(error)));
        call.on('end', () => resolve(values));
      });
      return { answer, cancel: () => call.cancel() };
    },
    close: () => client.close(),
  };
}

function refusal({ code, details, metadata }: ServiceError): Error & GrpcRefusal {
  return Object.assign(new Error(details), { status: code, metadata: own(metadata) });
}

/** Without those of the protocol. */
function own(metadata: Metadata): Record<string, unknown> {
  const { 'content-type': _type, date: _date, ...others } = metadata.getMap();
  return others;
}
