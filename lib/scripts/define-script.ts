import { createHash } from 'node:crypto';

/** A Lua script with the hash that EVALSHA wants. */
export interface Script {
  readonly name: string;
  readonly lua: string;
  readonly sha: string;
}

export function defineScript(name: string, lua: string): Script {
  return Object.freeze({ name, lua, sha: createHash('sha1').update(lua).digest('hex') });
}
