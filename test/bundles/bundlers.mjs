// Bundles an app: node bundlers.mjs BUNDLER ENTRY OUTFILE [PACKAGE], where esbuild takes PACKAGE for this package. A process of its own: bundlers do not run in the modules of jest.
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

/** What Nest asks for in a try of its own, and the app does not have. */
const ABSENT = [
  ...['class-transformer', 'class-validator', '@nestjs/platform-socket.io', '@grpc/grpc-js', '@grpc/proto-loader'],
  ...['kafkajs', 'mqtt', 'amqplib', 'amqp-connection-manager', '@nats-io/transport-node', '@nats-io/nats-core'],
];
/** What Nest loads from where the bundle is. */
const LEFT_OUT = ['ws'];
const EXTERNAL = [...ABSENT, ...LEFT_OUT];

/** What is CommonJS in a bundle of modules asks for modules of Node. */
const REQUIRE =
  "import { createRequire as requireOfBundle } from 'node:module'; const require = requireOfBundle(import.meta.url);";

async function esbuild(entry, outfile, file) {
  const { build } = await import('esbuild');
  const alias = file === undefined ? {} : { 'nestjs-redis-lock': file };
  const format = { platform: 'node', target: 'node20', format: 'esm', banner: { js: REQUIRE } };
  await build({ entryPoints: [entry], outfile, bundle: true, external: EXTERNAL, alias, logLevel: 'error', ...format });
}

async function webpack(entry, outfile) {
  const { default: pack } = await import('webpack');
  const compiler = pack({
    mode: 'production',
    target: 'node20',
    entry,
    output: { path: dirname(outfile), filename: basename(outfile), module: true, library: { type: 'module' } },
    experiments: { outputModule: true },
    externals: EXTERNAL,
    externalsType: 'node-commonjs',
    // Nest tells classes apart by their names.
    optimization: { minimize: false, splitChunks: false },
  });
  const stats = await new Promise((resolve, reject) =>
    compiler.run((error, done) => (error ? reject(error) : resolve(done))),
  );
  if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }));
}

async function rollup(entry, outfile) {
  const [{ rollup: roll }, commonjs, json, resolve] = await Promise.all([
    import('rollup'),
    import('@rollup/plugin-commonjs'),
    import('@rollup/plugin-json'),
    import('@rollup/plugin-node-resolve'),
  ]);
  const plugins = [
    resolve.default({ exportConditions: ['node'], preferBuiltins: true }),
    commonjs.default({ ignoreDynamicRequires: true }),
    json.default(),
  ];
  const bundle = await roll({ input: entry, external: EXTERNAL, plugins, onwarn: () => undefined });
  await bundle.write({ file: outfile, format: 'es', inlineDynamicImports: true, banner: REQUIRE });
  await bundle.close();
}

async function ncc(entry, outfile) {
  const compile = createRequire(import.meta.url)('@vercel/ncc');
  // It makes static imports of what is external, which miss what is not there.
  const externals = Object.fromEntries([
    ...ABSENT.map((name) => [name, 'node:module']),
    ...LEFT_OUT.map((name) => [name, name]),
  ]);
  const { code, assets } = await compile(entry, { externals, cache: false, quiet: true });
  await mkdir(dirname(outfile), { recursive: true });
  const files = [[basename(outfile), code], ...Object.entries(assets).map(([name, { source }]) => [name, source])];
  await Promise.all(files.map(([name, source]) => writeFile(join(dirname(outfile), name), source)));
}

const [bundler, ...files] = process.argv.slice(2);
await { esbuild, webpack, rollup, ncc }[bundler](...files);
