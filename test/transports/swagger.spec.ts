import { expect, it } from '@jest/globals';
import { Body, Controller, HttpCode, Param, ParseIntPipe, Post, Query, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ApiBearerAuth,
  ApiBody,
  ApiOperation,
  ApiParam,
  ApiProperty,
  ApiResponse,
  ApiTags,
  DocumentBuilder,
  SwaggerModule,
  type OpenAPIObject,
} from '@nestjs/swagger';
import { WithLock } from 'nestjs-redis-lock';
import { RedisLockTestingModule } from 'nestjs-redis-lock/testing';
import { applyDecorators } from '../support/apply-decorators.js';

class Payment {
  @ApiProperty({ minimum: 1 })
  amount!: number;

  @ApiProperty({ required: false, enum: ['EUR', 'USD'] })
  currency?: string;
}

const DECORATORS: readonly MethodDecorator[] = [
  Post(':id'),
  HttpCode(202),
  ApiTags('orders'),
  ApiBearerAuth(),
  ApiOperation({ summary: 'Pays an order', operationId: 'pay' }),
  ApiParam({ name: 'id', description: 'of the order' }),
  ApiBody({ type: Payment }),
  ApiResponse({ status: 202, type: Payment }),
];

/** A controller whose handler has `@WithLock()` at this place among the others, or not at all. */
function controllerWith(place?: number): Type {
  class OrderController {
    async pay(_id: number, payment: Payment, _dryRun: boolean): Promise<Payment> {
      return payment;
    }
  }
  Param('id', ParseIntPipe)(OrderController.prototype, 'pay', 0);
  Body()(OrderController.prototype, 'pay', 1);
  Query('dryRun')(OrderController.prototype, 'pay', 2);
  Reflect.defineMetadata('design:paramtypes', [Number, Payment, Boolean], OrderController.prototype, 'pay');
  const lock = WithLock('order:{params.id}') as MethodDecorator;
  applyDecorators(
    OrderController.prototype,
    'pay',
    place === undefined ? DECORATORS : DECORATORS.toSpliced(place, 0, lock),
  );
  Controller('orders')(OrderController);
  return OrderController;
}

async function documentOf(controller: Type): Promise<OpenAPIObject> {
  const root = { module: class RootModule {}, imports: [RedisLockTestingModule.forRoot()], controllers: [controller] };
  const app = await NestFactory.create(root, { logger: false, abortOnError: false });
  await app.init();
  const document = SwaggerModule.createDocument(app, new DocumentBuilder().setTitle('Shop').addBearerAuth().build());
  await app.close();
  return document;
}

it('N4: the document without @WithLock() tells of all the decorators', async () => {
  const { paths, components } = await documentOf(controllerWith());
  const operation = paths['/orders/{id}']?.post;
  expect(operation).toMatchObject({
    operationId: 'pay',
    summary: 'Pays an order',
    tags: ['Order', 'orders'],
    security: [{ bearer: [] }],
  });
  expect(operation?.parameters).toHaveLength(2);
  expect(Object.keys(components?.schemas ?? {})).toEqual(['Payment']);
});

it.each(DECORATORS.map((_, place) => place).concat(DECORATORS.length))(
  'N4: the document is the same with @WithLock() at place %i',
  async (place) => {
    expect(await documentOf(controllerWith(place))).toEqual(await documentOf(controllerWith()));
  },
);
