import type { RedisLockErrorCode } from 'nestjs-redis-lock';
import { status as GRPC } from '@grpc/grpc-js';
import type { World } from './clients.js';

/** Errors of one column are answered alike. */
export const COLUMNS: readonly { readonly title: string; readonly codes: readonly RedisLockErrorCode[] }[] = [
  { title: 'busy', codes: ['LOCK_NOT_ACQUIRED'] },
  { title: 'bad key', codes: ['LOCK_KEY'] },
  {
    title: 'queue full, no Redis, lost, shutting down',
    codes: ['LOCK_QUEUE_FULL', 'LOCK_BACKEND', 'LOCK_LOST', 'LOCK_CLOSED'],
  },
  { title: 'a bug of the app', codes: ['LOCK_REENTRY', 'LOCK_NOT_HELD', 'LOCK_OPTIONS'] },
];

/** A transport, and where its clients read which error it is, and what to do. */
export interface Row {
  readonly title: string;
  readonly worlds: readonly ('Express' | 'Fastify')[];
  readonly by: keyof World['ask'];
  readonly code: readonly string[];
  /** Not all have one. */
  readonly status?: readonly string[];
}

export const ROWS: readonly Row[] = [
  { title: 'HTTP', worlds: ['Express', 'Fastify'], by: 'http', code: ['body', 'code'], status: ['status'] },
  {
    title: 'GraphQL, Apollo',
    worlds: ['Express'],
    by: 'graphql',
    code: ['extensions', 'originalError', 'code'],
    status: ['extensions', 'originalError', 'statusCode'],
  },
  {
    title: 'GraphQL, Mercurius',
    worlds: ['Fastify'],
    by: 'graphql',
    code: ['extensions', 'code'],
    status: ['extensions', 'status'],
  },
  { title: 'gRPC', worlds: ['Express', 'Fastify'], by: 'grpc', code: ['metadata', 'lock-code'], status: ['status'] },
  { title: 'other microservices', worlds: ['Express', 'Fastify'], by: 'microservice', code: ['code'] },
  { title: 'WebSockets (event `exception`)', worlds: ['Express', 'Fastify'], by: 'socket', code: ['data', 'code'] },
];

export function at(answer: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], answer);
}

/** @param told - what clients were told, in the order of the rows, of each code. */
export function toMarkdown(told: readonly Readonly<Record<string, unknown>>[]): string {
  const rows = ROWS.map((row, index) => {
    const cells = COLUMNS.map(({ codes }) =>
      [...new Set(codes.map((code) => cell(row, told[index]?.[code])))].join(' or '),
    );
    return [row.title, `\`${row.code.join('.')}\``, ...cells];
  });
  const head = ['A client of', 'reads the code in', ...COLUMNS.map(({ title }) => title)];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

function cell({ by, status }: Row, answer: unknown): string {
  if (status === undefined) return '–';
  const value = at(answer, status) as number;
  const text = by === 'grpc' ? `${value} \`${GRPC[value]}\`` : String(value);
  return at(answer, ['Retry-After']) === undefined ? text : `${text}, \`Retry-After\``;
}
