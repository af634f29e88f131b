/** What stands between braces in a template: `'report:{0.customer}:{ip}'` → `'0.customer' | 'ip'`. */
type PartsOf<Template extends string> = Template extends `${string}{${infer Part}}${infer Rest}`
  ? Part | PartsOf<Rest>
  : never;

/** `any` and `unknown`: only the call tells. */
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

/** An array has its items under numbers, which are no keys of its type. */
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

type KeyPart = string | number | boolean | bigint;

/** What a value must be that has this path. */
type NeedOf<Path extends string> = Path extends `${infer Field}.${infer Rest}`
  ? { readonly [Key in Field]: NeedOf<Rest> }
  : { readonly [Key in Path]: KeyPart };

/** What an argument must be of which these are the parts; `unknown` when there are none. The function makes one type of all: an intersection. */
type NeedAt<Position extends string, Part extends string> = (
  Part extends Position
    ? (need: KeyPart) => void
    : Part extends `${Position}.${infer Path}`
      ? (need: NeedOf<Path>) => void
      : (need: unknown) => void
) extends (need: infer Need) => void
  ? Need
  : never;

/** Distributes over `Value`, so that a type parameter stands for its bound. */
type IfIs<Value, Need, Yes, No> = Value extends Need ? Yes : No;

/** As `MissingParts`, by the bounds of type parameters; of the first three arguments. */
export type IfBounds<
  Template extends string,
  Args extends readonly unknown[],
  Yes,
  No,
  Part extends string = PartsOf<Template>,
> = IfIs<
  Args[0],
  NeedAt<'0', Part>,
  IfIs<Args[1], NeedAt<'1', Part>, IfIs<Args[2], NeedAt<'2', Part>, Yes, No>, No>,
  No
>;
