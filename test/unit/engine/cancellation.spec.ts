import { describe, expect, it } from '@jest/globals';
import { Cancellation, type AbortListener } from '../../../lib/engine/cancellation.js';

function listener(told: unknown[], name: string): AbortListener {
  return { handleEvent: () => void told.push(name) };
}

describe('a cancellation', () => {
  it('W6: tells all who listen, once, with its first reason', () => {
    const told: unknown[] = [];
    const cancellation = new Cancellation();
    for (const name of ['first', 'second']) cancellation.addEventListener('abort', listener(told, name));
    expect([cancellation.aborted, cancellation.reason]).toEqual([false, undefined]);
    cancellation.cancel('reason');
    cancellation.cancel('too late');
    expect(told).toEqual(['first', 'second']);
    expect([cancellation.aborted, cancellation.reason]).toEqual([true, 'reason']);
  });

  it('W6: does not tell those who listen no more', () => {
    const told: unknown[] = [];
    const cancellation = new Cancellation();
    const [gone, other] = [listener(told, 'gone'), listener(told, 'other')];
    for (const each of [gone, other]) cancellation.addEventListener('abort', each);
    cancellation.removeEventListener('abort', gone);
    cancellation.removeEventListener('abort', listener(told, 'never there'));
    cancellation.cancel('reason');
    expect(told).toEqual(['other']);
  });

  it('W6: becomes an AbortSignal, before and after', () => {
    const cancellation = new Cancellation();
    const before = cancellation.toAbortSignal();
    expect(before.aborted).toBe(false);
    cancellation.cancel('reason');
    expect([before.aborted, before.reason]).toEqual([true, 'reason']);
    expect(cancellation.toAbortSignal().reason).toBe('reason');
  });

  it('W6: may have no reason', () => {
    const cancellation = new Cancellation();
    cancellation.cancel(undefined);
    expect([cancellation.aborted, cancellation.reason]).toEqual([true, undefined]);
  });
});
