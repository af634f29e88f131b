const number = (value) => value.toLocaleString('en-US');

/** For the README: what one run took, suffered and found. */
export function excerpt({ seed, seconds, processes, keys, figures, faults }) {
  const injected = Object.values(faults).reduce((sum, count) => sum + count, 0);
  const rows = [
    ['locks taken', figures.locks],
    ['faults injected', injected],
    ['overlaps inside a kept lease', figures.overlaps],
    ['fencing tokens out of order', figures.tokenDisorder],
    ['stale writes that the fencing token kept out', figures.staleRefused],
    ['locks left behind', figures.orphans],
    ['longest wait beyond what was asked, ms', figures.longestBeyond],
    ['longest time that a lock was free while somebody waited, ms', figures.longestFree],
    ['unhandled rejections', figures.troubles],
  ];
  return [
    `| ${processes} processes, ${keys} keys, ${seconds} s, seed ${seed} | |`,
    '|---|---:|',
    ...rows.map(([what, value]) => `| ${what} | ${number(value)} |`),
  ].join('\n');
}
