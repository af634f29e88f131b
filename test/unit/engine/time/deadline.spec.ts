import { beforeEach, describe, expect, it } from '@jest/globals';
import { withDeadline, within } from '../../../../lib/engine/time/deadline.js';
import { deferred } from '../../../support/deferred.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { watch } from '../../../support/watch.js';

describe('withDeadline()', () => {
  let clock: FakeClock;
  let events: string[];

  const start = (work: Promise<string>): void =>
    withDeadline(clock, 1_000, work, {
      onDone: (result) => events.push(result),
      onFailed: ({ applied }) => events.push(`failed, ${applied}`),
      onLate: () => events.push('late'),
    });

  beforeEach(() => {
    clock = new FakeClock();
    events = [];
  });

  it('W4: gives work up that takes too long, and tells when it comes to its end', async () => {
    const work = deferred<string>();
    start(work.promise);
    await clock.advance(1_000);
    expect(events).toEqual(['failed, unknown']);
    work.resolve('done');
    await clock.settle();
    expect(events).toEqual(['failed, unknown', 'late']);
  });

  it('W4: a reply that lies in the socket when the time is over counts', async () => {
    const work = deferred<string>();
    start(work.promise);
    // The event loop was busy: the alarm rings before the socket is read.
    const { afterReads } = clock;
    clock.afterReads = (callback) => {
      work.resolve('done');
      afterReads.call(clock, callback);
    };
    await clock.advance(1_200);
    expect(events).toEqual(['done']);
    expect(clock.pending).toBe(0);
  });

  it('within() rejects as unknown, once', async () => {
    const result = watch(within(clock, 50, new Promise(() => undefined)));
    await clock.advance(50);
    expect(result.error).toMatchObject({ name: 'StoreFailure', transient: true, applied: 'unknown' });
  });
});
