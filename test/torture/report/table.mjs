const ROWS = [
  ['locks taken', 'locks'],
  ['hand-overs within a process', 'handOversWithin'],
  ['hand-overs between processes', 'handOversBetween'],
  ['critical sections of foreign programs', 'foreign'],
  ['seconds under a lock', 'secondsBelieved'],
  ['of these excused, because the key was taken away from outside', 'secondsExcused'],
  ['worker processes started', 'started'],
];

const RESULTS = [
  ['**overlaps inside a kept lease**', 'overlaps'],
  ['fencing tokens out of order', 'tokenDisorder'],
  ['leases gone before their time', 'goneEarly'],
  ['writes refused while the lease was kept', 'refusedWhileHeld'],
  ['stale writes refused', 'staleRefused'],
  ['orphans', 'orphans'],
  ['queues left after their time', 'queues'],
  ['queues of killed processes, one ttl after the end', 'queuesAtFirst'],
  ['keys without an expiry', 'endless'],
  ['longest wait beyond what was asked, ms', 'longestBeyond'],
  ['longest single try (`wait: 0`), ms', 'longestTry'],
  ['**longest time that a lock was free while somebody waited, ms**', 'longestFree'],
  ['unhandled rejections and other errors', 'troubles'],
  ['workers that did not end on SIGTERM', 'stubborn'],
];

const line = (title, value) => `| ${title} | ${value} |`;

export function toMarkdown({ seed, seconds, processes, keys, figures, faults, outcomes }) {
  return [
    `Seed ${seed}, ${seconds} s, ${processes} processes, ${keys} keys.`,
    '',
    line('', ''),
    line('---', '---:'),
    ...ROWS.map(([title, name]) => line(title, figures[name])),
    ...Object.entries(faults).map(([name, count]) => line(`fault: ${name}`, count)),
    ...Object.entries(outcomes).map(([name, count]) => line(`call ended: ${name}`, count)),
    ...RESULTS.map(([title, name]) => line(title, figures[name])),
  ].join('\n');
}
