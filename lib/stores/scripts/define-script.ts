import { createHash } from 'node:crypto';

/** A Lua script with the hash that EVALSHA wants. */
export interface Script {
  readonly name: string;
  readonly lua: string;
  readonly sha: string;
}

/** What Redis holds of one lock: the lock itself, its last fencing token, and its queue of processes. */
export type LockPart = 'key' | 'fence' | 'queue';

/** Turns the integer reply for one lock into an outcome. `isResent`: the command may have been executed twice. May throw a `StoreFailure`. */
export type Decode<Outcome> = (reply: number, isResent: boolean) => Outcome;

/** A script that does the same for each of several locks. */
export interface EachLockScript<Outcome> extends Script {
  /** The keys that it takes of each lock, in their order. */
  readonly keys: readonly [LockPart, ...LockPart[]];
  readonly decode: Decode<Outcome>;
}

export interface EachLockInit<Outcome> {
  /** Names of the keys of one lock, in the order of `KEYS`. */
  readonly keys: EachLockScript<Outcome>['keys'];
  /** Names of the arguments that hold for all locks of the call: the first of `ARGV`. */
  readonly common?: readonly string[];
  /** Names of the arguments of one lock. */
  readonly args: readonly string[];
  /** Lua that stands before everything else. */
  readonly prelude?: string;
  /** Body of a Lua function of `keys` and `args` that returns one integer. */
  readonly lua: string;
  readonly decode: Decode<Outcome>;
}

/** How the reply for one lock in a batch begins when it is the text of an error. */
export const FAILED = '!';

export function defineScript(name: string, lua: string): Script {
  return Object.freeze({ name, lua, sha: createHash('sha1').update(lua).digest('hex') });
}

/**
 * A script that does the same for each of several locks, independently: `KEYS` and `ARGV` are those of the first lock, those of the second,
 * and so on. It replies one integer per lock, bare for a single one: an array costs a tenth of the script. A lock that fails in a batch does not hinder
 * the others, and its reply is the text of its error behind `FAILED`.
 */
export function defineScriptForEach<Outcome>(
  name: string,
  { keys, common = [], args, prelude = '', lua, decode }: EachLockInit<Outcome>,
): EachLockScript<Outcome> {
  const nth = (table: string, size: number, offset: number) => (_: string, index: number) =>
    `${table}[${size} * i + ${offset + index + 1}]`;
  const first = [
    ...keys.map((_, index) => `KEYS[${index + 1}]`),
    ...args.map((_, index) => `ARGV[${common.length + index + 1}]`),
  ];
  const each = [...keys.map(nth('KEYS', keys.length, 0)), ...args.map(nth('ARGV', args.length, common.length))];
  const script = defineScript(
    name,
    `${common.length === 0 ? '' : `local ${common.join(', ')} = ${common.map((_, index) => `ARGV[${index + 1}]`).join(', ')}`}
${prelude}
local function each(${[...keys, ...args].join(', ')})
${lua}
end

if #KEYS == ${keys.length} then return each(${first.join(', ')}) end
local replies = {}
for i = 0, #KEYS / ${keys.length} - 1 do
  local isDone, reply = pcall(each, ${each.join(', ')})
  -- Not every version of Redis makes text of an error.
  replies[i + 1] = isDone and reply or '${FAILED}' .. (type(reply) == 'table' and reply.err or tostring(reply))
end
return replies
`,
  );
  return Object.freeze({ ...script, keys, decode });
}
