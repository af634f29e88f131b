import { describe, expect, it } from '@jest/globals';
import { check, type HistoryRecord, type SectionRecord } from './checker/check.mjs';
import { judge, type Figures } from './report/verdict.mjs';

const EPOCH = 1_700_000_000_000;
const TTL = 600;

let sections = 0;

/** A section whose token was minted when it began, unless the test says otherwise. */
function section(worker: string, begin: number, heldUntil: number, more: Partial<SectionRecord> = {}): SectionRecord {
  sections += 1;
  return {
    ...{ id: `${worker}/${sections}`, worker, keys: ['k'], token: (EPOCH + begin) * 1_000, ttl: TTL, renew: true },
    ...{ calledAt: begin - 1, begin, isHeldAtBegin: true, heldUntil },
    ...more,
  };
}

function history(all: readonly SectionRecord[], more: Partial<HistoryRecord> = {}): HistoryRecord {
  const byId = new Map(all.map((one) => [one.id, one]));
  return { sections: byId, losses: [], outages: [], pauses: new Map(), refusedWhileHeld: [], epoch: EPOCH, ...more };
}

/** How many of each kind were found. */
function found(all: readonly SectionRecord[], more: Partial<HistoryRecord> = {}) {
  const { overlaps, tokenDisorder, goneEarly, refusedWhileHeld } = check(history(all, more));
  return {
    overlaps: overlaps.length,
    tokenDisorder: tokenDisorder.length,
    goneEarly: goneEarly.length,
    refusedWhileHeld: refusedWhileHeld.length,
  };
}

const NOTHING = { overlaps: 0, tokenDisorder: 0, goneEarly: 0, refusedWhileHeld: 0 };

describe('the checker of the torture run: two holders', () => {
  it('finds nothing in sections that follow each other', () => {
    expect(found([section('a', 0, 100), section('b', 100, 200), section('a', 201, 300)])).toEqual(NOTHING);
  });

  it('finds two who were in at once, however short', () => {
    expect(found([section('a', 0, 100), section('b', 99.999, 200)])).toEqual({ ...NOTHING, overlaps: 1 });
  });

  it('finds an overlap with a long section behind a short one', () => {
    expect(found([section('a', 0, 1_000), section('b', 10, 20), section('c', 500, 600)]).overlaps).toBe(2);
  });

  it('finds an overlap in any of several keys', () => {
    expect(
      found([section('a', 0, 100, { keys: ['j', 'k'] }), section('b', 50, 60, { keys: ['k', 'l'] })]).overlaps,
    ).toBe(1);
    expect(found([section('a', 0, 100, { keys: ['j'] }), section('b', 50, 60, { keys: ['l'] })])).toEqual(NOTHING);
  });

  it('finds a foreign program and a holder of ours in at once', () => {
    const { token: _token, ...foreign } = section('outside', 50, 150, { renew: false });
    expect(found([section('a', 0, 100), foreign]).overlaps).toBe(1);
  });

  it('does not count who knew from the begin that it holds nothing', () => {
    expect(found([section('a', 0, 100), section('b', 50, 50, { isHeldAtBegin: false, token: 1 })])).toEqual(NOTHING);
  });
});

describe('the checker of the torture run: keys taken away from outside', () => {
  const loss = { keys: ['k'], from: 100, to: 110 };
  const renewal = 110 + TTL / 3;

  it('excuses a holder until its next renewal', () => {
    expect(found([section('a', 0, renewal), section('b', 120, 500)], { losses: [loss] })).toEqual(NOTHING);
  });

  it('excuses it no longer than that', () => {
    expect(found([section('a', 0, renewal + 200), section('b', 120, 500)], { losses: [loss] }).overlaps).toBe(1);
  });

  it.each([
    ['the server did not answer', { outages: [{ from: 150, to: 160 }] }],
    ['the process did not run', { pauses: new Map([['a', [[150, 160] as const]]]) }],
  ])('excuses it until its deadline when %s', (_when, trouble) => {
    const late = [section('a', 0, 110 + TTL), section('b', 120, 800)];
    expect(found(late, { losses: [loss], ...trouble })).toEqual(NOTHING);
    expect(found([section('a', 0, 111 + TTL), section('b', 120, 800)], { losses: [loss], ...trouble }).overlaps).toBe(
      1,
    );
  });

  it('excuses one that does not renew until its deadline', () => {
    expect(found([section('a', 0, 110 + TTL, { renew: false }), section('b', 120, 800)], { losses: [loss] })).toEqual(
      NOTHING,
    );
  });

  it('excuses nobody whose lease is younger than the loss', () => {
    expect(found([section('a', 130, 200), section('b', 150, 300)], { losses: [loss] }).overlaps).toBe(1);
  });

  it('excuses nobody whose key is another', () => {
    expect(found([section('a', 0, 200), section('b', 120, 300)], { losses: [{ ...loss, keys: ['j'] }] }).overlaps).toBe(
      1,
    );
    expect(found([section('a', 0, 200), section('b', 120, 300)], { losses: [{ ...loss, keys: undefined }] })).toEqual(
      NOTHING,
    );
  });

  it('tells how much it excused', () => {
    const { belief } = check(history([section('a', 0, 200), section('b', 500, 600)], { losses: [loss] }));
    expect(belief).toEqual({ believed: 300, checked: 200 });
  });

  it('excuses nobody before the loss', () => {
    expect(found([section('a', 0, 200), section('b', 50, 300)], { losses: [loss] }).overlaps).toBe(1);
  });
});

describe('the checker of the torture run: fencing tokens', () => {
  it('finds a token that goes back', () => {
    expect(found([section('a', 0, 10, { token: 8 }), section('b', 20, 30, { token: 7 })])).toEqual({
      ...NOTHING,
      tokenDisorder: 1,
    });
  });

  it('finds a token that was given twice', () => {
    expect(found([section('a', 0, 10, { token: 8 }), section('b', 20, 30, { token: 8 })])).toEqual({
      ...NOTHING,
      tokenDisorder: 1,
    });
  });

  it('lets a holder that has not been told yet have an older one', () => {
    const losses = [{ keys: undefined, from: 100, to: 110 }];
    const heir = section('a', 130, 140, { token: (EPOCH + 50) * 1_000 });
    expect(found([section('b', 120, 128), heir], { losses })).toEqual(NOTHING);
    expect(found([section('b', 120, 128), heir]).tokenDisorder).toBe(1);
  });

  it('finds a refused write of a kept lease', () => {
    const one = section('a', 0, 100);
    expect(found([one], { refusedWhileHeld: [one.id] })).toEqual({ ...NOTHING, refusedWhileHeld: 1 });
    expect(found([one], { refusedWhileHeld: [one.id], losses: [{ keys: ['k'], from: 10, to: 20 }] })).toEqual(NOTHING);
  });
});

describe('the checker of the torture run: leases that are gone too early', () => {
  const told = { isHeldAtEnd: false, validUntil: 500, settledAt: 210 };
  const losses = [{ keys: ['k'], from: 10, to: 20 }];

  it.each(['expired', 'stolen'])('finds a holder that Redis told %s before its deadline', (reason) => {
    const one = section('a', 0, 200, { end: { ...told, lost: { at: 200, reason } } });
    expect(found([one])).toEqual({ ...NOTHING, goneEarly: 1 });
    expect(found([one], { losses })).toEqual(NOTHING);
  });

  it('finds a release that found nothing before the deadline', () => {
    const one = section('a', 0, 200, { end: { ...told, isHeldAtEnd: true, outcome: 'expired' } });
    expect(found([one])).toEqual({ ...NOTHING, goneEarly: 1 });
  });

  it.each([
    ['at its deadline', { ...told, lost: { at: 500, reason: 'expired' } }],
    ['by maxHold', { ...told, lost: { at: 200, reason: 'maxHold' } }],
    ['because Redis did not answer', { ...told, lost: { at: 500, reason: 'unreachable' } }],
    ['by a release after its deadline', { ...told, isHeldAtEnd: true, outcome: 'expired', settledAt: 501 }],
  ])('finds nothing in one that ended %s', (_how, end) => {
    expect(found([section('a', 0, 200, { end })])).toEqual(NOTHING);
  });
});

describe('the checker of the torture run: hand-overs', () => {
  it('counts who had been waiting when the last one left', () => {
    const all = [
      section('a', 0, 100),
      section('a', 101, 200, { calledAt: 50 }),
      section('b', 201, 300, { calledAt: 150 }),
      section('b', 310, 320),
    ];
    expect(check(history(all)).handOvers).toEqual({ within: 1, between: 1 });
  });
});

describe('the verdict of the torture run', () => {
  const fine: Figures = {
    ...{ locks: 1_000, overlaps: 0, tokenDisorder: 0, goneEarly: 0, refusedWhileHeld: 0, staleRefused: 1, orphans: 0 },
    ...{ queues: 0, endless: 0, longestBeyond: 30, longestTry: 1_010, longestFree: 1_900, troubles: 0, stubborn: 0 },
  };

  it('has nothing against a run in which all is well', () => {
    expect(judge(fine, 60)).toEqual([]);
  });

  it.each([
    'overlaps',
    'tokenDisorder',
    'goneEarly',
    'refusedWhileHeld',
    'orphans',
    'queues',
    'endless',
    'troubles',
    'stubborn',
  ] as const)('refuses a run with %s', (name) => {
    expect(judge({ ...fine, [name]: 1 }, 60)).toHaveLength(1);
  });

  it('refuses a run in which a caller waited longer than it wanted', () => {
    expect(judge({ ...fine, longestBeyond: 1_001 }, 60)).toHaveLength(1);
    expect(judge({ ...fine, longestBeyond: NaN }, 60)).toHaveLength(1);
    expect(judge({ ...fine, longestTry: 4_501 }, 60)).toHaveLength(1);
  });

  it('refuses a run in which a free lock was not taken, or in which nobody watched', () => {
    expect(judge({ ...fine, longestFree: 2_001 }, 60)).toHaveLength(1);
    expect(judge({ ...fine, longestFree: NaN }, 60)).toHaveLength(1);
  });

  it('refuses a long run without stale writes, which proves nothing, and one without locks', () => {
    expect(judge({ ...fine, staleRefused: 0 }, 60)).toHaveLength(1);
    expect(judge({ ...fine, staleRefused: 0 }, 10)).toEqual([]);
    expect(judge({ ...fine, locks: 0 }, 10)).toHaveLength(1);
  });
});
