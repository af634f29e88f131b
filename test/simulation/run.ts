import { inspect, parseArgs } from 'node:util';
import { Trace } from './trace.js';
import { WEATHERS } from './weather.js';
import { World } from './world.js';

/** Lives through worlds; of the first that goes wrong it prints what happened and how to see it again. */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20000' },
    from: { type: 'string' },
    trace: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const from = Number(values.from ?? Date.now() % 1_000_000);
const count = Number(values.seeds);

let unhandled: unknown;
process.on('unhandledRejection', (reason) => (unhandled ??= reason));

const begin = performance.now();
let granted = 0;
for (let seed = from; seed < from + count; seed += 1) {
  const trace = new Trace(() => world.time.now());
  const world: World = new World(seed, values.trace ? () => trace.log : undefined);
  let fault = await world.live();
  // Rejections that nobody handles are told when the event loop turns.
  await new Promise((resolve) => setImmediate(resolve));
  if (unhandled !== undefined) fault = { invariant: 'no crash', what: `unhandled rejection: ${inspect(unhandled)}` };
  granted += world.watcher.granted;
  if (fault === undefined) continue;
  for (const line of trace.lines) console.log(line);
  if (values.json) console.log(JSON.stringify({ seed, worlds: seed - from + 1, ...fault }));
  else
    console.log(
      `\nseed ${seed} (${world.weather.name}): ${fault.invariant}: ${fault.what}\nreplay: npm run test:simulate -- --from ${seed} --seeds 1 --trace`,
    );
  process.exit(1);
}
if (values.json) console.log(JSON.stringify({ worlds: count, granted }));
else
  console.log(
    `${count} worlds from seed ${from} of ${WEATHERS.length} kinds, ${granted} locks, ${((performance.now() - begin) / 1_000).toFixed(1)} s: nothing went wrong`,
  );
