import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
// typescript-eslint does not resolve paths: import-x tells which file an import means, and finds cycles.
import { importX } from 'eslint-plugin-import-x';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const NEST = '@nestjs/(common|core)';
const NODE = 'node:(?!module$).+';

const NODE_GLOBALS = [
  ...['AbortController', 'AbortSignal', 'Buffer', 'URL', 'console', 'fetch', 'performance', 'process', 'structuredClone'],
  ...['clearInterval', 'clearTimeout', 'setImmediate', 'setInterval', 'setTimeout'],
];

/** The vocabulary of the library: may be named by anyone above it. */
const WORDS = ['errors', 'interfaces', 'redis-lock.constants.ts', 'print-value.ts', 'key-parts.ts', 'package-copies.ts'];

/** The engine's own port to what keeps the locks. */
const PORT = 'stores/lock-store.interface.ts';

/** What a decorated method may know of the rest. */
const FOR_METHODS = [...WORDS, 'lock-keys.ts', 'redis-lock.service.ts', 'engine/lock-context.ts', 'engine/cancellation.ts'];

/** What a module for Nest is made of. */
const FOR_MODULES = [
  ...WORDS,
  'redis-lock.module-definition.ts',
  'redis-lock.module-wiring.ts',
  'redis-lock.providers.ts',
  'redis-lock.service.ts',
];

/**
 * Who may import whom. Each file of lib belongs to the last layer that names it.
 *
 * `own`: its folder, whose files may import each other. `imports`: other files and folders of lib. `packages`: loaded at run time. `types`:
 * named by `import type` only. Packages and types are regular expressions of the whole specifier.
 */
const LAYERS = [
  { files: '**', why: 'No layer in eslint.config.js names this file.' },

  { files: 'redis-lock.constants.ts' },
  { files: 'print-value.ts' },
  { files: 'package-copies.ts' },
  { files: 'key-parts.ts', imports: ['print-value.ts', 'redis-lock.constants.ts'], packages: ['node:crypto'] },
  { files: 'errors/**', own: 'errors' },
  { files: 'interfaces/**', own: 'interfaces', imports: ['errors'], types: [NEST, 'ioredis'] },
  { files: 'scripts/**', own: 'scripts', packages: ['node:crypto'] },

  { files: 'engine/**', own: 'engine', imports: [...WORDS, PORT], packages: [NODE] },
  { files: 'stores/**', own: 'stores', imports: [...WORDS, 'scripts'], packages: [NODE], types: ['ioredis'] },
  { files: PORT, imports: WORDS },
  { files: 'stores/connection.ts', own: 'stores', imports: WORDS, packages: [NODE, 'ioredis'] },

  { files: 'lock-keys.ts', imports: WORDS },
  { files: 'lock-key.ts', imports: WORDS },
  { files: 'lock-options.ts', imports: [...WORDS, 'engine'] },
  {
    files: 'redis-lock.options.ts',
    imports: [...WORDS, 'lock-options.ts', 'engine', 'stores/connection.ts'],
    // The testing module reads options too, and must not load ioredis through them.
    types: ['ioredis', '\\./stores/connection\\.js'],
  },

  { files: 'redis-lock.service.ts', imports: [...WORDS, 'lock-keys.ts', 'lock-options.ts', 'engine', PORT], packages: [NEST] },
  { files: 'redis-lock.tokens.ts', imports: [...WORDS, 'redis-lock.service.ts'], types: [NEST] },
  { files: 'redis-lock.logger.ts', imports: [...WORDS, 'engine/lock-observer.interface.ts'], packages: [NEST] },

  { files: 'with-lock/**', own: 'with-lock', imports: [...FOR_METHODS, 'redis-lock.logger.ts'], packages: [NODE] },
  {
    files: 'interceptors/**',
    own: 'interceptors',
    imports: [...FOR_METHODS, 'redis-lock.tokens.ts', 'redis-lock.logger.ts', 'with-lock'],
    packages: [NODE, NEST, 'rxjs'],
  },
  {
    // The one place that knows the optional packages of Nest's transports.
    files: 'interceptors/transport-error.ts',
    own: 'interceptors',
    imports: [...WORDS, 'redis-lock.logger.ts'],
    packages: [NEST, '@nestjs/(microservices|websockets)'],
  },
  { files: 'filters/**', own: 'filters', imports: [...WORDS, 'interceptors', 'with-lock'], packages: [NEST, 'rxjs(/operators)?'] },
  {
    files: 'decorators/**',
    own: 'decorators',
    imports: [...FOR_METHODS, 'redis-lock.tokens.ts', 'redis-lock.options.ts', 'lock-options.ts', 'with-lock', 'interceptors'],
    packages: [NODE, NEST],
  },

  { files: 'redis-lock.module-definition.ts', imports: WORDS, packages: [NEST] },
  {
    files: 'redis-lock.providers.ts',
    imports: [
      ...WORDS,
      'filters',
      'redis-lock.options.ts',
      'redis-lock.module-definition.ts',
      'redis-lock.service.ts',
      'redis-lock.tokens.ts',
      'redis-lock.logger.ts',
      'redis-lock.instances.ts',
      'engine',
      PORT,
    ],
    packages: [NEST],
  },
  { files: 'redis-lock.instances.ts', imports: [...WORDS, 'redis-lock.service.ts', 'redis-lock.tokens.ts', 'with-lock'], types: [NEST] },
  { files: 'redis-lock.singletons.ts', imports: WORDS, packages: [NEST] },
  { files: 'redis-lock.methods.ts', imports: [...WORDS, 'redis-lock.logger.ts', 'interceptors', 'with-lock'], packages: [NEST] },
  {
    files: 'redis-lock.module-wiring.ts',
    imports: [
      ...WORDS,
      'redis-lock.options.ts',
      'redis-lock.logger.ts',
      'redis-lock.module-definition.ts',
      'redis-lock.providers.ts',
      'redis-lock.instances.ts',
      'redis-lock.singletons.ts',
      'redis-lock.methods.ts',
    ],
    packages: [NEST],
  },
  {
    // The one place where the engine meets Redis: everything above is shared with the testing module.
    files: 'redis-lock.module.ts',
    imports: [...FOR_MODULES, 'engine/heap-clock.ts', 'interceptors', 'stores'],
    packages: [NEST],
  },
  {
    files: 'testing/**',
    own: 'testing',
    imports: [...FOR_MODULES, 'redis-lock.tokens.ts', 'lock-keys.ts', 'engine', PORT],
    packages: [NODE, NEST],
  },
  {
    files: 'index.ts',
    imports: [...WORDS, 'lock-key.ts', 'decorators', 'filters', 'interceptors', 'redis-lock.module.ts', 'redis-lock.service.ts', 'redis-lock.tokens.ts'],
  },
];

function layer({ files, own, imports = [], packages = [], types = [], why = 'The layers in eslint.config.js do not allow it.' }) {
  const target = `lib/${files}`;
  const noneOf = (specifiers) => `^(?!(?:${['\\.', ...specifiers.map((specifier) => `${specifier}$`)].join('|')}))`;
  const zones = [
    { target, from: 'lib', except: own ? [own, ...imports] : imports, message: why },
    { target, from: '.', except: ['lib', 'node_modules'], message: 'The library does not know its tests, its sample, nor its build.' },
  ];
  return {
    files: [target],
    rules: {
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones }],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: noneOf([...packages, ...types]), message: why },
            ...types.map((type) => ({ regex: `^${type}$`, allowTypeImports: true, message: `${why} As \`import type\` they do.` })),
          ],
        },
      ],
      'no-restricted-syntax': [
        'error',
        // A slash cannot stand in the regular expression of a selector.
        ...[noneOf(packages), ...types.filter((type) => type.startsWith('\\.')).map((type) => `^${type}$`)].map((regex) => ({
          selector: `ImportExpression[source.value=/${regex.replaceAll('/', '.')}/]`,
          message: why,
        })),
        { selector: 'ImportExpression:not([source.type="Literal"])', message: 'Import a literal path: the layers cannot be checked otherwise.' },
      ],
    },
  };
}

export default defineConfig(
  { ignores: ['dist/', 'coverage/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts', '**/*.js', '**/*.mjs', '**/*.cjs'],
    extends: [tseslint.configs.recommended],
    plugins: { 'import-x': importX },
    languageOptions: { ecmaVersion: 2024, sourceType: 'module' },
    settings: {
      'import-x/extensions': ['.ts', '.js', '.mjs'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/resolver-next': [createTypeScriptImportResolver({ project: import.meta.dirname })],
    },
    rules: {
      eqeqeq: ['error', 'always'],
      'no-async-promise-executor': 'error',
      'no-cond-assign': 'error',
      'no-constant-condition': ['error', { checkLoops: 'allExceptWhileTrue' }],
      'no-control-regex': 'error',
      'no-empty': 'error',
      'no-fallthrough': 'error',
      'no-irregular-whitespace': 'error',
      'no-unsafe-finally': 'error',
      'no-unused-private-class-members': 'error',
      'no-useless-escape': 'error',
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
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all' }],
    },
  },
  {
    // TypeScript knows its names; these files it does not see.
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    ignores: ['sample/public/**'],
    languageOptions: { globals: Object.fromEntries(NODE_GLOBALS.map((name) => [name, 'readonly'])) },
    rules: { 'no-undef': 'error' },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: { __dirname: 'readonly' } },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    files: ['**/*.ts'],
    // The consumer apps of test/package compile against the packed tarball, outside of this project.
    ignores: ['test/package/**'],
    extends: [tseslint.configs.recommendedTypeChecked],
    // The program of `npm run typecheck`, where the sample finds the package without a build.
    languageOptions: { parserOptions: { project: 'tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Decorator-aware: an injected class stays a value, as Nest needs it.
      '@typescript-eslint/consistent-type-imports': 'error',
      // `import { type A }` from a package would load it all the same.
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
      '@typescript-eslint/no-deprecated': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unnecessary-type-arguments': 'error',
      '@typescript-eslint/no-useless-constructor': 'error',
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignoreMixedLogicalExpressions: true }],
      '@typescript-eslint/prefer-optional-chain': 'error',
      '@typescript-eslint/prefer-for-of': 'error',
      '@typescript-eslint/prefer-includes': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // An async method without await is how a port turns what it throws into a rejection.
      '@typescript-eslint/require-await': 'off',
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
    ignores: ['lib/engine/*clock.ts', 'lib/engine/awake-time.ts'],
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
  ...LAYERS.map(layer),
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
          zones: [{ target: 'sample', from: '.', except: ['sample', 'node_modules', 'dist', 'lib'], message: 'The sample stands alone.' }],
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
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
