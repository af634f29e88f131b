import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Fifo, type FifoLinks } from '../../../../lib/engine/queue/fifo.js';
import { SEED } from '../../../support/seed.js';

class Member implements FifoLinks<Member> {
  previous: Member | undefined;
  next: Member | undefined;
}

describe('Fifo', () => {
  it('is an array in which anyone may leave from anywhere', () => {
    // A number below 0 adds a member, any other takes out the one at that place.
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -8, max: 7 }), { maxLength: 60 }), (steps) => {
        const fifo = new Fifo<Member>();
        const model: Member[] = [];
        for (const step of steps) {
          if (step < 0) {
            const member = new Member();
            fifo.add(member);
            model.push(member);
          } else if (model.length > 0) {
            const [member] = model.splice(step % model.length, 1) as [Member];
            fifo.remove(member);
            expect([member.previous, member.next]).toEqual([undefined, undefined]);
          }
          expect(fifo.size).toBe(model.length);
          expect(fifo.first).toBe(model[0]);
          expect(fifo.toArray()).toEqual(model);
        }
      }),
      { seed: SEED },
    );
  });

  it('takes a member again that has left', () => {
    const fifo = new Fifo<Member>();
    const [one, other] = [new Member(), new Member()];
    fifo.add(one);
    fifo.add(other);
    fifo.remove(one);
    fifo.add(one);
    expect(fifo.toArray()).toEqual([other, one]);
  });

  it('copies, so that members may leave while it is walked through', () => {
    const fifo = new Fifo<Member>();
    const members = [new Member(), new Member(), new Member()];
    members.forEach((member) => fifo.add(member));
    for (const member of fifo.toArray()) fifo.remove(member);
    expect(fifo.size).toBe(0);
    expect(fifo.first).toBeUndefined();
  });
});
