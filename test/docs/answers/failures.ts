import { Controller, Get, Module, Param } from '@nestjs/common';
import { Args, Query, Resolver } from '@nestjs/graphql';
import { GrpcMethod, MessagePattern } from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { RedisLockErrorCode } from 'nestjs-redis-lock';
import { LOCK_FAILURES } from '../../support/lock-failures.js';

const fail = async (code: string): Promise<never> => Promise.reject(LOCK_FAILURES[code as RedisLockErrorCode]());

@Controller()
class FailingController {
  @Get(':code')
  async get(@Param('code') code: string): Promise<never> {
    return fail(code);
  }

  @MessagePattern('fail')
  async message(code: string): Promise<never> {
    return fail(code);
  }

  @GrpcMethod('Orders', 'Fail')
  async call({ id }: { id: string }): Promise<never> {
    return fail(id);
  }
}

@WebSocketGateway()
class FailingGateway {
  @SubscribeMessage('fail')
  async onEvent(_client: unknown, code: string): Promise<never> {
    return fail(code);
  }
}

@Resolver()
class FailingResolver {
  @Query(() => String)
  async fail(@Args('code') code: string): Promise<never> {
    return fail(code);
  }
}

@Module({ controllers: [FailingController], providers: [FailingGateway, FailingResolver] })
export class FailuresModule {}
