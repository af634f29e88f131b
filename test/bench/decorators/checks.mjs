import { keyOf } from './terms.mjs';

const yes = (is) => (is ? 'yes' : 'no');
const each = (...facts) => facts.map((fact) => (typeof fact === 'boolean' ? yes(fact) : fact)).join(' / ');
const isOk = ({ status }) => status === 200;

/** What a client was told, in one word. */
const answered = ({ status, hangs, broken }) => (hangs ? 'hangs' : String(status ?? broken));

function codeOf({ body }) {
  try {
    return JSON.parse(body).code;
  } catch {
    return undefined;
  }
}

function busy({ first, overlapped, second }) {
  if (overlapped === undefined) return answered(first);
  if (overlapped) return 'no lock';
  const parts = [answered(second)];
  if (second.retryAfter !== undefined) parts.push('`Retry-After`');
  if (second.body?.includes(keyOf(''))) parts.push('names the key');
  return parts.join(', ');
}

function down({ first }, { second = {} }) {
  const isSame = first.status === second.status && codeOf(first) === codeOf(second);
  return `${answered(first)}${isSame ? ', like busy' : ''}`;
}

/** Whether the other one was locked out for as long as the work went on, and no longer. */
function held({ first, overlapped, later }) {
  return overlapped === undefined ? answered(first) : !overlapped && isOk(first) && isOk(later);
}

function afterLoss(answers) {
  const worse = answers.find((answer) => !isOk(answer));
  return worse === undefined ? 'yes' : answered(worse);
}

const ran = (runs) => runs.some((count) => count > 0);

function replica({ above, below, errors }) {
  const most = Math.max(...above, ...below);
  if (most > 1) return `runs it ${most} times`;
  return yes(errors.length === 0 && [above, below].filter(ran).every((runs) => runs.every((count) => count === 1)));
}

function shutdown({ holder, finished, told, hasEnded, keysLeft }) {
  return hasEnded ? each(isOk(holder), finished, told, keysLeft) : 'hangs';
}

/** The rows. `cell` makes a short fact out of what was seen in the scenes that a check needs; `wanted` is what ours has to be, and `proves` the requirement. */
export const CHECKS = [
  {
    name: 'route',
    proves: 'N4',
    title: 'Above / below `@Get()`: the route answers',
    scenes: ['routes'],
    cell: ({ routes }) => each(isOk(routes.above), isOk(routes.below)),
    wanted: 'yes / yes',
  },
  {
    name: 'guard',
    proves: 'N4',
    title: 'Guards see roles that are set below it',
    scenes: ['routes'],
    cell: ({ routes }) => yes(isOk(routes.guarded) && routes.refused.status === 403),
    wanted: 'yes',
  },
  {
    name: 'exception',
    proves: 'N7',
    title: "The handler's `NotFoundException` arrives as",
    scenes: ['routes'],
    cell: ({ routes }) => answered(routes.missing),
    wanted: '404',
  },
  {
    name: 'busy',
    proves: 'N8',
    title: 'Busy: the client gets',
    scenes: ['busy'],
    cell: (seen) => busy(seen.busy),
    wanted: '409',
  },
  {
    name: 'down',
    proves: 'D1, N8',
    title: 'Redis is down: the client gets',
    scenes: ['busy', 'down'],
    cell: (seen) => down(seen.down, seen.busy),
    wanted: '503',
  },
  {
    name: 'end',
    proves: 'N5c',
    title: 'Held to the end of an Observable / a `StreamableFile`',
    scenes: ['observable', 'stream'],
    cell: ({ observable, stream }) => each(held(observable), held(stream)),
    wanted: 'yes / yes',
  },
  {
    name: 'renewal',
    proves: 'C1a',
    title: 'Held while the work outlasts the lease',
    scenes: ['lease'],
    cell: ({ lease }) => each(held(lease)),
    wanted: 'yes',
  },
  {
    name: 'told',
    proves: 'C2a',
    title: 'Lost: the handler is told',
    scenes: ['loss'],
    cell: ({ loss }) => (loss.canTell ? yes(loss.told) : '–'),
    wanted: 'yes',
  },
  {
    name: 'answer',
    proves: 'C4b',
    title: "Lost: the client still gets the handler's answer",
    scenes: ['loss', 'lease'],
    cell: ({ loss, lease }) => afterLoss([loss.first, lease.first]),
    wanted: 'yes',
  },
  {
    name: 'cron',
    proves: 'N4',
    title: 'Above / below `@Cron()`: the job runs',
    scenes: ['cron'],
    cell: ({ cron }) => each(ran(cron.above), ran(cron.below)),
    wanted: 'yes / yes',
  },
  {
    name: 'replica',
    proves: 'N1',
    title: 'A second replica skips the job, without an error',
    scenes: ['cron'],
    cell: ({ cron }) => replica(cron),
    wanted: 'yes',
  },
  {
    name: 'shutdown',
    proves: 'O2',
    title: 'SIGTERM: a handler / a job may finish / waiters are told at once / keys left behind',
    scenes: ['shutdown'],
    cell: (seen) => shutdown(seen.shutdown),
    wanted: 'yes / yes / yes / 0',
  },
];
