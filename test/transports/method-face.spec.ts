import { describe, expect, it } from '@jest/globals';
import { Get, Render, Sse, Version } from '@nestjs/common';
import { OnWorkerEvent } from '@nestjs/bullmq';
import { OnEvent } from '@nestjs/event-emitter';
import { Mutation, Query, ResolveField, Subscription } from '@nestjs/graphql';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { Cron, Interval, Timeout } from '@nestjs/schedule';
import { SubscribeMessage } from '@nestjs/websockets';
import { WithLock, WithLockInterceptor } from 'nestjs-redis-lock';
import { applyDecorators } from '../support/apply-decorators.js';

const DECORATORS: Record<string, readonly MethodDecorator[]> = {
  HTTP: [Get('path'), Version('1')],
  '@Sse()': [Sse('path')],
  '@Render()': [Get('path'), Render('view')],
  '@MessagePattern()': [MessagePattern({ cmd: 'it' })],
  '@EventPattern()': [EventPattern('it') as MethodDecorator],
  '@SubscribeMessage()': [SubscribeMessage('it')],
  '@Query()': [Query(() => String)],
  '@Mutation()': [Mutation(() => String)],
  '@ResolveField()': [ResolveField(() => String)],
  '@Subscription()': [Subscription(() => String)],
  '@Cron()': [Cron('* * * * * *', { name: 'it' })],
  '@Interval()': [Interval('it', 5)],
  '@Timeout()': [Timeout('it', 5)],
  '@OnEvent()': [OnEvent('it', { async: true })],
  '@OnWorkerEvent()': [OnWorkerEvent('completed')],
};

/** What others read of a method: its name, its length, and what decorators wrote on it. */
function faceOf(decorators: readonly MethodDecorator[]): object {
  class Host {
    async method(_first: string, _second: number): Promise<string> {
      return 'done';
    }
  }
  Reflect.defineMetadata('design:paramtypes', [String, Number], Host.prototype, 'method');
  applyDecorators(Host.prototype, 'method', decorators);
  const { method } = Host.prototype;
  const own = Reflect.ownKeys(method).map((key) => [key, String(Object.getOwnPropertyDescriptor(method, key)?.value)]);
  return {
    name: method.name,
    length: method.length,
    own,
    metadata: metadataOf(method),
    ofProperty: metadataOf(Host.prototype, 'method'),
  };
}

/** But for what `@WithLock()` itself adds: its interceptor, and a mark of its own. */
function metadataOf(target: object, property?: string): [string, unknown][] {
  const read = (key: unknown): unknown =>
    property === undefined ? Reflect.getMetadata(key, target) : Reflect.getMetadata(key, target, property);
  const keys = (
    property === undefined ? Reflect.getMetadataKeys(target) : Reflect.getMetadataKeys(target, property)
  ) as unknown[];
  return keys
    .filter((key) => !String(key).includes('nestjs-redis-lock'))
    .map((key): [string, unknown] => [String(key), withoutOurs(read(key))])
    .filter(([key, value]) => !(key === '__interceptors__' && Array.isArray(value) && value.length === 0))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function withoutOurs(value: unknown): unknown {
  return Array.isArray(value)
    ? value.filter((item) => item !== WithLockInterceptor)
    : typeof value === 'function'
      ? value.name
      : value;
}

describe.each(Object.entries(DECORATORS))('a method under %s', (_, decorators) => {
  const lock = WithLock('it') as MethodDecorator;
  const place = (index: number): readonly MethodDecorator[] => decorators.toSpliced(index, 0, lock);

  it.each(decorators.map((__, index) => index).concat(decorators.length))(
    'N4: looks the same with @WithLock() at place %i',
    (index) => {
      expect(faceOf(place(index))).toEqual(faceOf(decorators));
    },
  );

  it('N4: looks the same under two @WithLock()', () => {
    expect(faceOf([lock, ...decorators, lock])).toEqual(faceOf(decorators));
  });
});
