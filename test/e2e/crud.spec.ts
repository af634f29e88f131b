import { expect, it } from '@jest/globals';
import { runProgram } from '../support/run-program.js';
import { uniqueKey } from '../support/unique-key.js';

// In a process of its own: the package requires Nest, which is an ES module, and jest cannot.
it.each(['Express', 'Fastify'])(
  'N4: a route that a package makes for a method is locked, when a decorator above @WithLock() says which (%s)',
  async (PLATFORM) => {
    const { output, exited } = runProgram('e2e/programs/crud.ts', { PLATFORM, KEY_PREFIX: `${uniqueKey('app')}:` });
    expect([await exited, output()]).toEqual([{ code: 0, signal: null }, '200 {"id":7,"key":"order:7"}\n']);
  },
);
