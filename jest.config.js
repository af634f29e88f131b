import { TEST_LIMIT_MS } from './test/support/patience.mjs';

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  testTimeout: TEST_LIMIT_MS,
  testMatch: ['<rootDir>/test/**/*.spec.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/test/bench/node_modules/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    // As in tsconfig.json: the sample imports the library by its name.
    '^nestjs-redis-lock$': '<rootDir>/lib/index.ts',
    '^nestjs-redis-lock/testing$': '<rootDir>/lib/testing/index.ts',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          keepClassNames: true,
        },
        sourceMaps: 'inline',
      },
    ],
  },
  // Most tests wait for servers and processes, not for a core.
  maxWorkers: '100%',
  setupFiles: ['<rootDir>/test/support/use-own-server.ts'],
  setupFilesAfterEnv: ['<rootDir>/test/support/watch-leaks.ts'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  collectCoverageFrom: ['lib/**/*.ts'],
  coverageProvider: 'v8',
};
