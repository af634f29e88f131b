/** What stands between braces in a template: `'report:{0.customer}:{ip}'` → `'0.customer' | 'ip'`. */
type PartsOf<Template extends string> = Template extends `${string}{${infer Part}}${infer Rest}`
  ? Part | PartsOf<Rest>
  : never;

/** Whether the type is `any` or `unknown`: then only a call tells what the value is. */
type IsOpen<Value> = unknown extends Value ? true : false;

/** Whether a key can be made from the value, by what its type says. */
type IsKeyPart<Value> =
  IsOpen<Value> extends true
    ? true
    : [Extract<Value, string | number | boolean | bigint>] extends [never]
      ? false
      : true;

type HasPath<Value, Path extends string> =
  IsOpen<Value> extends true
    ? true
    : Path extends `${infer Field}.${infer Rest}`
      ? HasField<NonNullable<Value>, Field> extends true
        ? HasPath<FieldOf<NonNullable<Value>, Field>, Rest>
        : false
      : HasField<NonNullable<Value>, Path> extends true
        ? IsKeyPart<FieldOf<NonNullable<Value>, Path>>
        : false;

/** Whether the value has the field. The items of an array stand under numbers, which are no keys of its type. */
type HasField<Value, Field extends string> = Field extends keyof Value
  ? true
  : Value extends readonly unknown[]
    ? Field extends `${number}`
      ? true
      : false
    : false;

type FieldOf<Value, Field extends string> = Field extends keyof Value
  ? Value[Field]
  : Value extends readonly (infer Item)[]
    ? Item
    : never;

type Fits<
  Args extends readonly unknown[],
  Part extends string,
> = Part extends `${infer Position extends number}.${infer Path}`
  ? HasPath<Args[Position], Path>
  : Part extends `${infer Position extends number}`
    ? IsKeyPart<Args[Position]>
    : true;

/** The parts of a template that a method with these arguments does not have; `never` when it has all. Data of a request is unknown to types. */
export type MissingParts<
  Template extends string,
  Args extends readonly unknown[],
  Part extends string = PartsOf<Template>,
> = Part extends string ? (Fits<Args, Part> extends true ? never : Part) : never;
