import { describe, expect, it } from '@jest/globals';
import { guarded, type LockObserver } from '../../../lib/engine/lock-observer.interface.js';
import { LockLostError } from '../../../lib/errors/lock-lost.error.js';

describe('guarded()', () => {
  const loss = new LockLostError({ key: 'a', reason: 'expired' });

  const tellAll = (observer: LockObserver): void => {
    observer.lost(loss);
    observer.releaseUnconfirmed('a', 'cause');
    observer.wakeUpsRefused(new Error('refused'));
    observer.wakeUpsFail(new Error('failed'));
  };

  it('O3: an observer that throws gets in the way of nothing', () => {
    const fail = (): never => {
      throw new Error('the logger is broken');
    };
    expect(() =>
      tellAll(guarded({ lost: fail, releaseUnconfirmed: fail, wakeUpsRefused: fail, wakeUpsFail: fail })),
    ).not.toThrow();
  });

  it('passes everything on', () => {
    const told: unknown[] = [];
    const tell = (...args: unknown[]): void => void told.push(args);
    tellAll(guarded({ lost: tell, releaseUnconfirmed: tell, wakeUpsRefused: tell, wakeUpsFail: tell }));
    expect(told).toEqual([[loss], ['a', 'cause'], [new Error('refused')], [new Error('failed')]]);
  });
});
