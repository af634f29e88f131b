/** Decorates a method as if the decorators stood above it in this order. */
export function applyDecorators(
  target: object,
  method: string,
  decorators: readonly (MethodDecorator | PropertyDecorator)[],
): void {
  let descriptor = Object.getOwnPropertyDescriptor(target, method) as PropertyDescriptor;
  for (const decorator of decorators.toReversed())
    descriptor = (decorator as any)(target, method, descriptor) ?? descriptor;
  Object.defineProperty(target, method, descriptor);
}
