import { beforeEach, describe, expect, it } from '@jest/globals';
import { whenSocketsAreRead } from '../../../lib/stores/next-turn.js';
import { Silence } from '../../../lib/stores/silence.js';

const LIMIT = 2_000;

describe('Silence', () => {
  let silence: Silence;

  const socketsRead = () => new Promise<void>((resolve) => whenSocketsAreRead(resolve));

  beforeEach(() => {
    silence = new Silence();
    silence.admits(0, LIMIT);
  });

  it('admits everything while it is not certain', async () => {
    expect([1, LIMIT, LIMIT + 1, 10 * LIMIT].map((now) => silence.admits(now, LIMIT))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it('is certain when nothing was heard after the limit, also not in the turn that followed', async () => {
    silence.admits(LIMIT + 1, LIMIT);
    await socketsRead();
    expect([0, 1, 999, 1_000, 1_001, 1_999, 2_000].map((ms) => silence.admits(5_000 + ms, LIMIT))).toEqual([
      true,
      false,
      false,
      true,
      false,
      false,
      true,
    ]);
  });

  it.each(['before', 'after'])('ends with whatever is heard, %s it is certain', async (when) => {
    silence.admits(LIMIT + 1, LIMIT);
    if (when === 'after') await socketsRead();
    silence.end();
    await socketsRead();
    expect([1, 2, 3].map((ms) => silence.admits(5_000 + ms, LIMIT))).toEqual([true, true, true]);
  });

  it('counts from the first command that was not answered, not from the last', async () => {
    silence.end();
    silence.admits(9_000, LIMIT);
    silence.admits(9_000 + LIMIT, LIMIT);
    silence.admits(9_001 + LIMIT, LIMIT);
    await socketsRead();
    expect([silence.admits(12_000, LIMIT), silence.admits(12_001, LIMIT)]).toEqual([true, false]);
  });
});
