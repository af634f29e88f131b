import { fairness, percentile, sum } from './statistics.mjs';

/** Out of what each process reports: what the table shows. Times in ms, CPU in µs. */
export function figures(parts) {
  const locks = sum(parts.map(({ served }) => served));
  const waits = Float64Array.from(parts.flatMap((part) => Array.from(part.waits))).sort();
  const failures = {};
  for (const [text, count] of parts.flatMap((part) => Object.entries(part.failures)))
    failures[text] = (failures[text] ?? 0) + count;
  const strays = sum(parts.map((part) => part.strays));
  if (strays > 0) failures['unhandled rejection'] = strays;
  return {
    locks,
    unserved: sum(parts.map(({ unserved }) => unserved)),
    stillWaiting: sum(parts.map(({ stillWaiting }) => stillWaiting)),
    failures,
    commands: sum(parts.map(({ commands }) => commands)) / locks,
    cpu: sum(parts.map(({ cpu }) => cpu)) / locks,
    p50: percentile(waits, 0.5),
    p99: percentile(waits, 0.99),
    max: waits.at(-1),
  };
}

/** How evenly callers and processes were served. */
export function shares(parts) {
  const callers = parts.flatMap(({ perCaller }) => perCaller);
  const processes = parts.map(({ perCaller }) => sum(perCaller));
  return {
    callerFairness: callers.length > 1 ? fairness(callers) : undefined,
    processFairness: processes.length > 1 ? fairness(processes) : undefined,
  };
}

export const last = (parts) => parts.reduce((latest, { to }) => to.reduce((a, b) => Math.max(a, b), latest), 0);
