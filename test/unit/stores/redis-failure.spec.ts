import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { isForbidden, toStoreFailure, withoutCommand } from '../../../lib/stores/redis-failure.js';

/** An error as ioredis makes it of a reply. */
function reply(message: string): Error {
  const error = Object.assign(new Error(message), {
    command: { name: 'evalsha', args: ['sha', '1', 'lock:other', 'host:1:secret-token:1'] },
  });
  error.name = 'ReplyError';
  return error;
}

const TRANSIENT = [
  'ERR Connection refused',
  'upstream failure',
  'no upstream host',
  'ERR timeout',
  'error: unavailable',
  'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
  'LOADING Redis is loading the dataset in memory',
  'MASTERDOWN Link with MASTER is down',
  'CLUSTERDOWN The cluster is down',
  'MOVED 3999 127.0.0.1:6381',
  'ASK 3999 127.0.0.1:6381',
  'TRYAGAIN Multiple keys request during rehashing of slot',
  'NOSCRIPT No matching script. Please use EVAL.',
  'UNKNOWNCODE of a server to come',
  'ERR max number of clients reached',
  "READONLY You can't write against a read only replica. script: a0b1, on @user_script:12.",
  "-READONLY You can't write against a read only replica.",
  "ERR Error running script (call to f_a0b1): @user_script:12: @user_script: 12: -READONLY You can't write against a read only replica. ",
  "ERR Error running script (call to f_a0b1): @user_script:3: -OOM command not allowed when used memory > 'maxmemory'. ",
  'ERR Error running script (call to f_a0b1): @user_script:3: Script killed by user with SCRIPT KILL... ',
  'ERR Script killed by user with SCRIPT KILL... script: a0b1, on @user_script:1.',
  'ERR Script attempted to access a non local key in a cluster node script: a0b1, on @user_script:1.',
];

const FINAL = [
  "NOPERM this user has no permissions to run the 'evalsha' command",
  'NOAUTH Authentication required.',
  'WRONGPASS invalid username-password pair or user is disabled.',
  "CROSSSLOT Keys in request don't hash to the same slot",
  "ERR unknown command 'evalsha', with args beginning with: ",
  'ERR unknown command `EVAL`',
  'ERR unsupported command',
  "ERR wrong number of arguments for 'evalsha' command",
  'ERR Error compiling script (new function): user_script:1: unexpected symbol near ...',
  'ERR This instance has cluster support disabled',
  'ERR Unknown Redis command called from script script: a0b1, on @user_script:1.',
  'ERR This Redis command is not allowed from script script: a0b1, on @user_script:1.',
  'ERR user_script:3: attempt to compare nil with number script: a0b1, on @user_script:3.',
  'ERR Error running script (call to f_a0b1): @user_script:3: user_script:3: attempt to perform arithmetic on a nil value ',
  'ERR Error running script (call to f_a0b1): @user_script:7: @user_script: 7: -NOPERM this user has no permissions ',
  'ERR operation not permitted',
];

describe('toStoreFailure', () => {
  it.each(TRANSIENT)('takes for something that passes: %s', (message) => {
    expect(toStoreFailure(reply(message))).toMatchObject({ transient: true, applied: 'unknown', message });
  });

  it.each(FINAL)('takes for something that stays: %s', (message) => {
    expect(toStoreFailure(reply(message))).toMatchObject({ transient: false, applied: 'unknown' });
  });

  it.each([
    'WRONGTYPE Operation against a key holding the wrong kind of value script: a0b1, on @user_script:12.',
    'ERR Error running script (call to f_a0b1): @user_script:12: WRONGTYPE Operation against a key holding the wrong kind of value ',
  ])('explains: %s', (message) => {
    expect(toStoreFailure(reply(message))).toMatchObject({
      transient: false,
      message: expect.stringMatching(/another type.*choose another key/),
    });
  });

  it('takes what is no reply for a connection that broke, and keeps its name and words', () => {
    const error = Object.assign(new Error('Command aborted due to connection close'), {
      command: { args: ['host:1:secret-token:1'] },
    });
    error.name = 'AbortError';
    const failure = toStoreFailure(error);
    expect(failure).toMatchObject({
      transient: true,
      applied: 'unknown',
      cause: { name: 'AbortError', message: error.message },
    });
  });

  it.each([
    reply('OOM command not allowed'),
    reply("ERR unknown command 'evalsha', with args beginning with: 'a0b1' '1' 'lock:a' 'host:1:secret-token:1' "),
    Object.assign(new Error('Command timed out'), { command: { args: ['secret-token'] } }),
  ])('shows nothing of what was sent: %s', (error) => {
    expect(inspect(toStoreFailure(error), { depth: 9, showHidden: true })).not.toContain('secret-token');
  });
});

describe('withoutCommand', () => {
  it('keeps what is known of an error without a message', () => {
    const error = Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' });
    expect(withoutCommand(error)).toMatchObject({ name: 'AggregateError', message: 'ECONNREFUSED' });
  });
});

describe('isForbidden', () => {
  it.each([
    ['NOPERM this user has no permissions to access one of the channels used as arguments', true],
    ['ERR unknown command `subscribe`, with args beginning with: ', true],
    ['NOAUTH Authentication required.', false],
    ['WRONGPASS invalid username-password pair', false],
    ['BUSY Redis is busy', false],
    ['upstream failure', false],
  ])('%s: %s', (message, expected) => {
    expect(isForbidden(new Error(message))).toBe(expected);
  });
});
