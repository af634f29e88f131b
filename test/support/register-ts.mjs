import { register } from 'node:module';

// `node --import` this to run the .ts files of the tests as they are.
register('./ts-hooks.mjs', import.meta.url);
