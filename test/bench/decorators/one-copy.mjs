import { createRequire } from 'node:module';

/** What must not be there twice: metadata and injection go by identity. */
const SHARED = ['@nestjs/common', '@nestjs/core', 'reflect-metadata', 'rxjs'];

/** Fails when one of these packages does not share what an app and its libraries have to share. */
export function checkOneCopy(packages) {
  const app = createRequire(import.meta.url);
  for (const name of packages) {
    const library = createRequire(app.resolve(`${name}`));
    for (const shared of SHARED) {
      if (library.resolve(shared) !== app.resolve(shared))
        throw new Error(`${name} has a ${shared} of its own: ${library.resolve(shared)}`);
    }
  }
}
