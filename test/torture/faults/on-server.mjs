import { now } from '../clock.mjs';

/** Until when clients are certainly connected again. */
const RECONNECT_MS = 300;

/** Everything but the connection that says so is told to go. */
async function killConnections({ server, history }) {
  const from = now();
  await server.use(async (client) => {
    await client.call('CLIENT', 'KILL', 'TYPE', 'normal');
    await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  });
  history.outage(from, now() + RECONNECT_MS);
  return true;
}

export const ON_SERVER = {
  'halt of the server': {
    weight: 5,
    async inject({ server, random }) {
      await server.halt(random.between(100, 2_000));
      return true;
    },
  },
  'restart with its data': {
    weight: 2,
    async inject({ server, random }) {
      await server.restart({ keepsData: true, downFor: random.chance(0.5) ? 0 : random.between(0, 1_200) });
      return true;
    },
  },
  'restart without data': {
    weight: 2,
    async inject({ server, random }) {
      await server.restart({ keepsData: false, downFor: random.chance(0.5) ? 0 : random.between(0, 1_200) });
      return true;
    },
  },
  'CLIENT KILL of all connections': { weight: 3, inject: killConnections },
  'SCRIPT FLUSH': {
    weight: 3,
    async inject({ server }) {
      await server.use((client) => client.call('SCRIPT', 'FLUSH'));
      return true;
    },
  },
};
