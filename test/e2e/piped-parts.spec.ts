import { afterEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Param, ParseIntPipe, Post, Query, UsePipes, ValidationPipe } from '@nestjs/common';
import { Args, Query as GraphQLQuery, Resolver } from '@nestjs/graphql';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { WithLock } from 'nestjs-redis-lock';
import { startContext, type NestContext } from '../support/nest-context.js';

class Order {
  id!: number;
  customer!: { id: number };
}

@Controller()
class RawController {
  @Get('one')
  @WithLock('{params.id}')
  async field(@Query('x') _x: string, @Param('id', ParseIntPipe) _id: number): Promise<void> {}

  @Post('two')
  @WithLock('{params.id}:{body.customer.id}')
  async whole(@Param('id') _id: string, @Body(new ValidationPipe()) _order: Order): Promise<void> {}

  @Post('three')
  @WithLock('{body.customer.id}')
  async nested(@Body('customer', new ValidationPipe()) _customer: object): Promise<void> {}

  @Get('five')
  @UsePipes(ValidationPipe)
  @WithLock('{query.id}')
  async byMethod(@Query() _query: Order): Promise<void> {}

  @MessagePattern('six')
  @WithLock('{data.id}')
  async message(@Payload('id', ParseIntPipe) _id: number): Promise<void> {}

  @SubscribeMessage('seven')
  @WithLock('{data.id}')
  async socket(@MessageBody('id', ParseIntPipe) _id: number): Promise<void> {}
}

@Controller('piped')
@UsePipes(ValidationPipe)
class PipedController {
  @Get()
  @WithLock('{query.id}')
  async byClass(@Query('id') _id: string): Promise<void> {}
}

@Resolver()
class OrderResolver {
  @GraphQLQuery(() => String)
  @WithLock('{args.id}')
  async resolve(@Args('id', ParseIntPipe) _id: number): Promise<void> {}
}

@Controller()
class FineController {
  @Get('one')
  @WithLock('{params.id}')
  async unpiped(@Param('id') _id: string, @Query('id', ParseIntPipe) _other: number): Promise<void> {}

  @Get('two')
  @WithLock('{0}')
  async argument(@Param('id', ParseIntPipe) _id: number): Promise<void> {}

  @Get('three')
  @WithLock(({ params }) => String(params.id))
  async byFunction(@Param('id', ParseIntPipe) _id: number): Promise<void> {}

  @Get('four')
  @WithLock('{params.tenant}')
  async another(@Param('id', ParseIntPipe) _id: number): Promise<void> {}

  @Post('five')
  @WithLock('{params.id}')
  async elsewhere(@Body(ValidationPipe) _body: Order): Promise<void> {}
}

const WARNINGS: readonly (readonly [type: new () => object, method: string, raw: string, piped: string])[] = [
  [RawController, 'field', 'params.id', '1'],
  [RawController, 'whole', 'body.customer.id', '1.customer.id'],
  [RawController, 'nested', 'body.customer.id', '0.id'],
  [RawController, 'byMethod', 'query.id', '0.id'],
  [RawController, 'message', 'data.id', '0'],
  [RawController, 'socket', 'data.id', '0'],
  [PipedController, 'byClass', 'query.id', '0'],
  [OrderResolver, 'resolve', 'args.id', '0'],
];

describe('a raw part of a key that the method gets through a pipe', () => {
  let nest: NestContext | undefined;

  const warningsOf = async (...controllers: readonly (new () => object)[]): Promise<string[]> => {
    nest = await startContext({ controllers: [...controllers] });
    return nest.log.at('warn');
  };

  afterEach(() => nest?.app.close());

  it('D2: is warned of once at start-up, with the method, the part and the argument to use', async () => {
    const warnings = await warningsOf(RawController, PipedController, OrderResolver);
    expect(warnings).toHaveLength(WARNINGS.length);
    for (const [{ name }, method, raw, piped] of WARNINGS) {
      expect(warnings.filter((text) => text.includes(`${name}.${method} `))).toEqual([
        expect.stringMatching(new RegExp(`\\{${raw}\\}.*Use \\{${piped}\\}`)),
      ]);
    }
  });

  it('D2: is none where no pipe is, where the argument is used, or in a key function', async () => {
    expect(await warningsOf(FineController)).toEqual([]);
  });
});
