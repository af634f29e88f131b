/** Who may import whom in lib. Each file belongs to the last layer that names it; a file that none names may import nothing. */

const NEST = '@nestjs/(common|core)';
const NODE = 'node:(?!module$).+';

/** The words that every layer may use. */
const WORDS = ['errors', 'interfaces', 'redis-lock.constants.ts', 'options/print-value.ts'];

/** What a lock module is made of, also the one for tests. */
const MODULE = [
  'redis-lock.module-definition.ts',
  'redis-lock.providers.ts',
  'redis-lock.explorer.ts',
  'redis-lock.service.ts',
  'redis-lock.tokens.ts',
];

/**
 * `own`: the layer's folder, whose files may import each other. `imports`: other files and folders of lib, beside the words. `packages`: loaded at run time.
 * `types`: named by `import type` only. Packages and types are regular expressions of the whole specifier.
 */
const LAYERS = [
  { files: '**', words: [], why: 'No layer in eslint.layers.js names this file.' },

  { files: '{redis-lock.constants,options/print-value}.ts', words: [] },
  { files: 'errors/**', own: 'errors', words: [] },
  { files: 'interfaces/**', own: 'interfaces', words: ['errors'], types: [NEST, 'ioredis'] },

  // The algorithm knows neither Nest nor Redis.
  { files: 'engine/**', own: 'engine', packages: [NODE] },
  // What keeps the locks knows what the engine needs of it.
  {
    files: 'stores/**',
    own: 'stores',
    imports: ['engine/lock-store.interface.ts'],
    packages: [NODE],
    types: ['ioredis'],
  },
  // A script and what its replies mean to the engine.
  {
    files: 'stores/scripts/**',
    own: 'stores/scripts',
    imports: ['engine/lock-store.interface.ts', 'stores/redis-failure.ts'],
    packages: ['node:crypto'],
  },
  // The one file that loads ioredis.
  { files: 'stores/connection.ts', own: 'stores', packages: [NODE, 'ioredis'] },

  // The testing module reads options too, and must not load ioredis through them.
  {
    files: 'options/**',
    own: 'options',
    imports: ['engine', 'stores/connection.ts'],
    types: ['ioredis', '\\.\\./stores/connection\\.js'],
  },

  {
    files: 'redis-lock.service.ts',
    imports: ['engine', 'options', 'with-lock/startup/package-copies.ts'],
    packages: [NEST],
  },
  { files: 'redis-lock.tokens.ts', imports: ['redis-lock.service.ts'], packages: [NEST] },
  { files: 'redis-lock.logger.ts', imports: ['engine/lock-observer.interface.ts'], packages: [NEST] },

  {
    files: 'with-lock/**',
    own: 'with-lock',
    imports: ['engine/{async-scope,cancellation}.ts', 'options', 'redis-lock.{service,tokens,logger}.ts'],
    packages: [NODE, NEST],
  },
  {
    files: 'with-lock/key/**',
    own: 'with-lock/key',
    imports: ['with-lock/thenable.ts', 'options/lock-keys.ts'],
    packages: ['node:crypto'],
  },
  {
    files: 'with-lock/handler/**',
    own: 'with-lock',
    imports: ['engine/{async-scope,cancellation}.ts', 'redis-lock.{service,tokens,logger}.ts'],
    packages: [NODE, NEST, 'rxjs(/operators)?'],
  },
  // The one file that knows the optional packages of Nest's transports.
  {
    files: 'with-lock/handler/transport-error.ts',
    own: 'with-lock/handler',
    imports: ['redis-lock.logger.ts'],
    packages: [NEST, '@nestjs/(microservices|websockets)'],
  },

  { files: 'redis-lock.module-definition.ts', packages: [NEST] },
  {
    files: 'redis-lock.{providers,explorer}.ts',
    imports: [...MODULE, 'redis-lock.logger.ts', 'options', 'engine', 'with-lock/handler', 'with-lock/startup'],
    packages: [NEST],
  },
  // The one file where the engine meets Redis.
  { files: 'redis-lock.module.ts', imports: [...MODULE, 'engine/time/heap-clock.ts', 'stores'], packages: [NEST] },
  {
    files: 'testing/**',
    own: 'testing',
    imports: [...MODULE, 'options/lock-keys.ts', 'engine'],
    packages: [NODE, NEST],
  },
  { files: 'index.ts', imports: ['with-lock', 'redis-lock.{module,service,tokens}.ts'] },
];

function layer({
  files,
  own,
  words = WORDS,
  imports = [],
  packages = [],
  types = [],
  why = 'The layers in eslint.layers.js do not allow it.',
}) {
  const target = `lib/${files}`;
  const noneOf = (specifiers) => `^(?!(?:${['\\.', ...specifiers.map((specifier) => `${specifier}$`)].join('|')}))`;
  const zones = [
    { target, from: 'lib', except: [...(own ? [own] : []), ...words, ...imports].flatMap(alternatives), message: why },
    {
      target,
      from: '.',
      except: ['lib', 'node_modules'],
      message: 'The library does not know its tests, its sample, nor its build.',
    },
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
            ...types.map((type) => ({
              regex: `^${type}$`,
              allowTypeImports: true,
              message: `${why} As \`import type\` they do.`,
            })),
          ],
        },
      ],
      'no-restricted-syntax': [
        'error',
        // A slash cannot stand in the regular expression of a selector.
        ...[noneOf(packages), ...types.filter((type) => type.startsWith('\\.')).map((type) => `^${type}$`)].map(
          (regex) => ({
            selector: `ImportExpression[source.value=/${regex.replaceAll('/', '.')}/]`,
            message: why,
          }),
        ),
        {
          selector: 'ImportExpression:not([source.type="Literal"])',
          message: 'Import a literal path: the layers cannot be checked otherwise.',
        },
      ],
    },
  };
}

/** `a/{b,c}.ts` → `a/b.ts`, `a/c.ts`: a zone excepts plain paths. */
function alternatives(path) {
  const [, head, list, tail] = /^(.*)\{(.*)\}(.*)$/.exec(path) ?? [];
  return list === undefined ? [path] : list.split(',').map((item) => head + item + tail);
}

export const layers = LAYERS.map(layer);
