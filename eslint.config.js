import js from '@eslint/js';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
// typescript-eslint does not resolve paths: import-x tells which file an import means, and finds cycles.
import { importX } from 'eslint-plugin-import-x';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { layers } from './eslint.layers.js';

const NODE = `AbortController AbortSignal Buffer URL clearInterval clearTimeout console fetch performance process
  setImmediate setInterval setTimeout structuredClone`;
const BROWSER = 'EventSource NodeFilter document fetch requestAnimationFrame';

const globals = (names) => Object.fromEntries(names.split(/\s+/).map((name) => [name, 'readonly']));

export default defineConfig(
  { ignores: ['dist/', 'coverage/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts', '**/*.js', '**/*.mjs', '**/*.cjs'],
    extends: [js.configs.recommended, tseslint.configs.recommended],
    plugins: { 'import-x': importX },
    languageOptions: { ecmaVersion: 2024, sourceType: 'module' },
    settings: {
      'import-x/extensions': ['.ts', '.js', '.mjs'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/resolver-next': [createTypeScriptImportResolver({ project: import.meta.dirname })],
    },
    rules: {
      eqeqeq: ['error', 'always'],
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      'no-else-return': ['error', { allowElseIf: false }],
      'no-lonely-if': 'error',
      'no-useless-return': 'error',
      'no-unreachable-loop': 'error',
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'error',
      'import-x/no-cycle': 'error',
      'import-x/no-duplicates': 'error',
      'import-x/no-self-import': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all' },
      ],
    },
  },
  // TypeScript knows its names; these files it does not see.
  { files: ['**/*.js', '**/*.mjs', '**/*.cjs'], languageOptions: { globals: globals(NODE) } },
  { files: ['sample/public/**'], languageOptions: { globals: globals(BROWSER) } },
  {
    files: ['**/*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: { __dirname: 'readonly' } },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    files: ['**/*.ts'],
    // The consumer apps of test/package compile against the packed tarball, outside of this project.
    ignores: ['test/package/**'],
    extends: [tseslint.configs.strictTypeChecked],
    // The program of `npm run typecheck`, where the sample finds the package without a build.
    languageOptions: { parserOptions: { project: 'tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Decorator-aware: an injected class stays a value, as Nest needs it.
      '@typescript-eslint/consistent-type-imports': 'error',
      // `import { type A }` from a package would load it all the same.
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignoreMixedLogicalExpressions: true }],
      '@typescript-eslint/prefer-optional-chain': 'error',
      '@typescript-eslint/prefer-for-of': 'error',
      '@typescript-eslint/prefer-includes': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-invalid-void-type': ['error', { allowAsThisParameter: true }],
      // Modules of Nest are classes without members.
      '@typescript-eslint/no-extraneous-class': 'off',
      // A number in a text is what it looks like.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `return this.end()` in a method that returns nothing says that this is all there is to do.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // `void (await done)` drops a result, `void lock.isHeld` reads for the effect.
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // An async method without await is how a port turns what it throws into a rejection.
      '@typescript-eslint/require-await': 'off',
      // Classes of Nest's options, and of what a resolver returns, are there to be matched by literals.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
    },
  },
  {
    files: ['lib/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-depth': ['error', 3],
      'max-params': ['error', 4],
      'no-console': 'error',
      'import-x/no-default-export': 'error',
      // What is not written down is inferred from the installed ioredis and Nest, and breaks users of their other majors.
      '@typescript-eslint/explicit-module-boundary-types': ['error', { allowArgumentsExplicitlyTypedAsAny: true }],
      // A request, a payload and the arguments of a user's method are whatever the user says; the no-unsafe rules tell where that leaks.
      '@typescript-eslint/no-explicit-any': 'off',
    },
  },
  {
    files: ['lib/engine/**/*.ts'],
    ignores: ['lib/engine/time/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['Date', 'performance', 'setTimeout', 'setInterval', 'setImmediate'].map((name) => ({
          name,
          message: 'The engine takes time from its Clock, so that it runs under a simulated one.',
        })),
      ],
    },
  },
  ...layers,
  {
    files: ['sample/**/*.ts', 'sample/**/*.js', 'sample/**/*.mjs'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^nestjs-redis-lock/(?!testing$)|^(?:\\.\\./)+(?:lib|dist|test)(?:/|$)',
              message: 'The sample uses the library as its users do: nestjs-redis-lock, nestjs-redis-lock/testing.',
            },
          ],
        },
      ],
      'import-x/no-restricted-paths': [
        'error',
        {
          basePath: import.meta.dirname,
          zones: [
            {
              target: 'sample',
              from: '.',
              except: ['sample', 'node_modules', 'dist', 'lib'],
              message: 'The sample stands alone.',
            },
          ],
        },
      ],
    },
  },
  {
    // Replies, spies and parsed bodies are loosely typed; what a test says of them is checked by running it.
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/restrict-plus-operands': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'off',
      // A test spreads an error to see what is enumerable, writes `${undefined}`, names a type that it expects.
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/no-unnecessary-template-expression': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
    },
  },
);
