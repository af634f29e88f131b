// One client process of one contestant. Does what the parent asks for, one thing at a time, and ends with it.
import { CONTESTANTS } from '../contestants/index.mjs';
import { connect } from './client.mjs';
import { loop } from './loop.mjs';
import { Queue } from './queue.mjs';
import { workOf } from './work.mjs';

const [name, url, clientOptions] = process.argv.slice(2);
process.on('disconnect', () => process.exit());

let strays = 0;
// A library that loses a rejection is reported, and goes on.
process.on('unhandledRejection', () => (strays += 1));

const { setup } = await CONTESTANTS[name].load();
const contestant = await setup(await connect(url, JSON.parse(clientOptions)));
const queue = new Queue(contestant);

const ROLES = {
  async loop({ body, ...args }) {
    const { work, overlaps = () => 0, close = () => undefined } = await workOf(body, url);
    const result = await loop({ contestant, work }, args);
    close();
    return { ...result, overlaps: overlaps() };
  },
  take: (args) => queue.take(args),
  give: () => queue.give(),
  wait: (args) => queue.wait(args),
  cost: (args) => queue.cost(args),
  served: (args) => queue.served(args),
  async close() {
    await contestant.close?.();
  },
};

process.on('message', async ({ role, args }) => {
  strays = 0;
  try {
    const value = await ROLES[role](args);
    process.send({ value: value && { ...value, strays } });
  } catch (error) {
    process.send({ error: `${error?.name}: ${error?.message}` });
  }
});
process.send({ value: 'ready' });
