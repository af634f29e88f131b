import { UseGuards, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Args, Field, GraphQLModule, ID, Mutation, ObjectType, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { RedisLockService } from 'nestjs-redis-lock';
import { askGraphQL } from '../support/ask-graphql.js';
import { replying, Told } from './support/calls.js';
import type { Cell } from './support/cell.js';
import { describeMatrix } from './support/describe-matrix.js';
import { GRAPHQL } from './support/forms.js';
import { asPassed, raw, type Group, type Host, type Kind, type World } from './support/kind.js';
import { PIPED, SENT } from './support/neighbours.js';
import { rootModule } from './support/root-module.js';

interface GraphQLWorld extends World {
  readonly url: string;
}

@ObjectType()
class Order {
  @Field(() => ID)
  id!: string;
}

@Resolver(() => Order)
class OrderResolver {
  @Query(() => Order)
  order(): Order {
    return { id: SENT };
  }
}

const STRING = (): typeof String => String;

function resolver(cell: Cell, kind: (options: { name: string; nullable: true }) => MethodDecorator): Type {
  @Resolver(() => Order)
  class CellResolver {
    constructor(private readonly locks: RedisLockService) {}

    async run(@Args('id', { type: STRING }, cell.pipe) id: string): Promise<string> {
      return cell.body(this.locks, id);
    }
  }
  return cell.decorate(CellResolver, [kind({ name: cell.id, nullable: true }), UseGuards(cell.guard)]);
}

async function ask(url: string, query: string): Promise<any> {
  const { data, errors } = (await askGraphQL(url, query)) as { data?: any; errors?: unknown };
  if (errors !== undefined) throw new Told(errors);
  return data;
}

const valueOf = (value: unknown): unknown => value ?? undefined;
const field = ({ id, sent }: Cell): string => `${id}(id: "${sent}")`;

const FIELD: Pick<Kind<GraphQLWorld>, 'ids' | 'form' | 'declare' | 'begin'> = {
  ids: [],
  form: GRAPHQL,
  declare: (cell) => resolver(cell, (options) => ResolveField(STRING, options)),
  begin: ({ world }, cell) =>
    replying(ask(world.url, `{ order { ${field(cell)} } }`).then(({ order }) => valueOf(order[cell.id]))),
};

const ROOT: Pick<Kind<GraphQLWorld>, 'ids' | 'form' | 'pipeline' | 'argument'> = {
  ids: [],
  form: GRAPHQL,
  pipeline: 'handler',
  argument: raw('{args.id}'),
};

async function open(host: Host, fieldResolverEnhancers: ('interceptors' | 'guards')[]): Promise<GraphQLWorld> {
  const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({
    driver: ApolloDriver,
    autoSchemaFile: true,
    fieldResolverEnhancers,
  });
  const root = rootModule(host, 'providers', { imports: [graphql], providers: [OrderResolver] });
  const app = await NestFactory.create(root, { logger: host.log, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  return { app, url: `${await app.getUrl()}/graphql`, close: () => app.close() };
}

const resolvers: Group<GraphQLWorld> = {
  name: 'a resolver',
  kinds: [
    {
      ...ROOT,
      name: 'a query',
      declare: (cell) => resolver(cell, (options) => Query(STRING, options)),
      begin: ({ world }, cell) => replying(ask(world.url, `{ ${field(cell)} }`).then((data) => valueOf(data[cell.id]))),
    },
    {
      ...ROOT,
      name: 'a mutation',
      declare: (cell) => resolver(cell, (options) => Mutation(STRING, options)),
      begin: ({ world }, cell) =>
        replying(ask(world.url, `mutation { ${field(cell)} }`).then((data) => valueOf(data[cell.id]))),
    },
    { ...FIELD, name: 'a field', pipeline: 'field', argument: asPassed('{0}', PIPED) },
  ],
  open: (host) => open(host, []),
};

const enhanced: Group<GraphQLWorld> = {
  name: 'a resolver, with fieldResolverEnhancers',
  kinds: [{ ...FIELD, name: 'a field', pipeline: 'handler', argument: raw('{args.id}') }],
  open: (host) => open(host, ['interceptors', 'guards']),
};

describeMatrix({ group: resolvers, cells: 3 * 3 * 10 });
describeMatrix({ group: enhanced, cells: 1 * 3 * 10 });
