import { Controller, Get, Injectable, Param, UseInterceptors } from '@nestjs/common';
import { WithLock } from 'nestjs-redis-lock';
import { decorated } from '../decorate.mjs';

/** Whose locks are taken by hand. */
export const app = { locks: undefined };

const idle = { intercept: (_, next) => next.handle() };
const bare = () => async (id) => id;
const byHand = () => async (id) => app.locks.withLock(`order:${id}`, () => id);

/** The same method with the same lock, taken in each way. A function for each: metadata goes by its identity. */
const waysWith = (template) => ({
  unlocked: [bare(), []],
  byHand: [byHand(), []],
  byHandBesideInterceptor: [byHand(), [UseInterceptors(idle)]],
  decorated: [bare(), [WithLock(template)]],
});

const classesOf = (template, finish) =>
  Object.fromEntries(
    Object.entries(waysWith(template)).map(([way, [method, decorators]]) => {
      const type = decorated(method, decorators);
      finish(type, way);
      return [way, type];
    }),
  );

/** Called over HTTP. */
export const controllers = classesOf('order:{params.id}', (type, way) => {
  const { prototype } = type;
  Get(':id')(prototype, 'handle', Object.getOwnPropertyDescriptor(prototype, 'handle'));
  Param('id')(prototype, 'handle', 0);
  Controller(way)(type);
});

/** Called by Nest as it calls handlers, without a network. */
export const handlers = classesOf('order:{data}', (type) => Injectable()(type));

/** Called as any method. */
export const methods = classesOf('order:{0}', (type) => Injectable()(type));
