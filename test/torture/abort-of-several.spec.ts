import { expect, it } from '@jest/globals';
import { testEngine } from '../support/test-engine.js';
import { silence } from '../support/tapped-store.js';
import { watch } from '../support/watch.js';

it('W6: a signal stops the waiting for several keys of a Cluster also in the last step, when all are taken and the fencing token is raised', async () => {
  const { clock, store, acquire } = testEngine();
  store.isOneServer = false;
  store.answer('raiseFence', silence);
  const controller = new AbortController();
  const lock = watch(acquire(['a', 'b'], { wait: 5_000, signal: controller.signal }));
  await clock.advance(100);
  expect(lock.state).toBe('pending');
  const reason = new Error('given up');
  controller.abort(reason);
  await clock.settle();
  expect(lock.error).toBe(reason);
});
