import type { IfBounds, MissingParts } from './key/key-template.type.js';

/** What a method under `@WithLock()` may return: something that ends later. */
type Awaitable =
  PromiseLike<unknown> | { subscribe(...args: any[]): unknown } | AsyncIterable<unknown> | { getStream(): unknown };

/** The arguments of the method that a decorator stands on. */
export type ArgsOf<Method> = Method extends (...args: infer Args extends readonly any[]) => unknown
  ? Args
  : readonly any[];

/** The template, or each of several. */
export type TemplateOf<Key extends string | readonly string[]> = Key extends readonly (infer Template extends string)[]
  ? Template
  : Key & string;

/** The compiler's error for a method that cannot be locked in this way; `unknown` when it can. */
type Fault<Method, Template extends string> = Method extends (
  ...args: infer Args extends readonly any[]
) => infer Result
  ? [Result] extends [Awaitable]
    ? [MissingParts<Template, Args>] extends [never]
      ? unknown
      : { readonly 'the method has no argument for this part of the key': MissingParts<Template, Args> }
    : { readonly 'a method under @WithLock() must return a promise, an Observable or a stream, not': Result }
  : { readonly '@WithLock() stands on methods, not on': Method };

/** Of a type parameter of the class the compiler knows only its bound, and that only where it is asked of what is returned. */
type OfGeneric<Method, Template extends string> = Method extends (
  ...args: infer Args extends readonly any[]
) => infer Result
  ? [Result] extends [Awaitable]
    ? IfBounds<
        Template,
        Args,
        TypedPropertyDescriptor<Method>,
        { readonly 'the method has no argument for a part of the key': Template }
      >
    : Fault<Method, Template>
  : Fault<Method, Template>;

/**
 * What `WithLock()` returns, for constants that hold it.
 *
 * `Method` is inferred from the method that the decorator stands on. Where there is none yet, as in `applyDecorators(WithLock(…))`, it is `unknown`,
 * and the decorator is one for any method.
 *
 * @publicApi
 */
export type WithLockDecorator<Method, Template extends string = string> = unknown extends Method
  ? MethodDecorator
  : {
      (
        target: object,
        propertyKey: string | symbol,
        descriptor: TypedPropertyDescriptor<Method> & Fault<Method, Template>,
      ): TypedPropertyDescriptor<Method>;
      (
        target: object,
        propertyKey: string | symbol,
        descriptor: TypedPropertyDescriptor<Method>,
      ): OfGeneric<Method, Template>;
    };

/**
 * What `WithLock()` returns for a key function that says itself which arguments it knows: the decorator fits methods that have at least those.
 *
 * @typeParam Method - of the method that it stands on.
 * @publicApi
 */
export type WithLockDecoratorFor<Args extends readonly unknown[]> = <
  Method extends (...args: [...Args, ...any[]]) => Awaitable,
>(
  target: object,
  propertyKey: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => TypedPropertyDescriptor<Method>;
