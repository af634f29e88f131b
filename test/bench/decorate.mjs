/** A class whose one method stands below `decorators`, in this order. */
export function decorated(method, decorators) {
  class Decorated {}
  Decorated.prototype.handle = method;
  const target = Decorated.prototype;
  const place = (descriptor, decorator) => decorator(target, 'handle', descriptor) ?? descriptor;
  Object.defineProperty(
    target,
    'handle',
    decorators.reduceRight(place, Object.getOwnPropertyDescriptor(target, 'handle')),
  );
  return Decorated;
}
