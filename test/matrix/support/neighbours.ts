import { AsyncResource } from 'node:async_hooks';
import {
  SetMetadata,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';

/** Where in a call it was looked which locks are taken. */
export type Place = 'guard' | 'pipe' | 'commit';

/** Is told when a call passes a place. */
export interface Visitor {
  readonly id: string;
  visit(place: Place): Promise<void>;
}

const NOTE = 'matrix:note';

/** What every caller sends, another spelling of it, and what a pipe makes of both. */
export const SENT = '7';
export const ALIAS = '07';
export const PIPED = '70';

/** Metadata, as guards and documentation read it. */
export function Note(id: string): MethodDecorator {
  return SetMetadata(NOTE, id);
}

export function noteOf(method: object): unknown {
  return Reflect.getMetadata(NOTE, method);
}

/** As the decorators of ORMs do it: the method is replaced, and its name, length and metadata are copied. */
export function Transactional(visitor: Visitor): MethodDecorator {
  return (_target, _key, descriptor) => {
    const original = descriptor.value as (...args: unknown[]) => Promise<unknown>;
    const wrapped = async function (this: unknown, ...args: unknown[]): Promise<unknown> {
      const result = await original.apply(this, args);
      await visitor.visit('commit');
      return result;
    };
    for (const property of ['name', 'length'] as const)
      Object.defineProperty(wrapped, property, { value: original[property] });
    for (const key of Reflect.getMetadataKeys(original) as unknown[])
      Reflect.defineMetadata(key, Reflect.getMetadata(key, original), wrapped);
    return { ...descriptor, value: wrapped } as typeof descriptor;
  };
}

/** Lets nobody in where the note of the handler was lost. */
export function noteGuard(visitor: Visitor): CanActivate {
  return {
    canActivate: async (context: ExecutionContext) => {
      await visitor.visit('guard');
      return noteOf(context.getHandler()) === visitor.id;
    },
  };
}

/** Where nothing follows that follows a call. */
const outside = new AsyncResource('outside');

/** Beneath the lock, it calls the handler from another async context, as one does that queues. */
export const elsewhere: NestInterceptor = { intercept: (_, next) => outside.runInAsyncScope(() => next.handle()) };

export function pipe(visitor: Visitor): PipeTransform {
  return {
    transform: async (value: unknown) => {
      await visitor.visit('pipe');
      return value === SENT || value === ALIAS ? PIPED : value;
    },
  };
}
