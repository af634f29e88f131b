import { digits } from '../report/format.mjs';

const ROWS = [
  ['method', 'byHand', 'A call of a method, instead of `withLock()` in it'],
  ['handler', 'byHand', 'A call of a handler by Nest, without a network, instead of `withLock()` in it'],
  ['handler', 'byHandBesideInterceptor', 'The same, when Nest runs an interceptor that does nothing anyway'],
  ['request', 'byHand', 'An HTTP request on Express, instead of `withLock()` in the handler'],
  ['request', 'byHandBesideInterceptor', 'The same, when Nest runs an interceptor that does nothing anyway'],
];

/** For the README: what the decorator costs on top of the lock itself. */
export function toMarkdown({ about, medians, differences }) {
  const line = ([kind, base, title]) => {
    const { median, low, high } = differences[kind][base];
    return `| ${title} | ${digits(median)} | ${digits(low)} to ${digits(high)} | ${digits(medians[kind].unlocked)} |`;
  };
  return [
    '| What `@WithLock()` adds | µs of CPU | middle half of the rounds | without any lock |',
    '|---|---:|---:|---:|',
    ...ROWS.map(line),
    '',
    `Node ${about.node}, NestJS ${about.nest}, ${about.rounds} rounds in turns of ${about.calls.toLocaleString('en-US')} calls by ${about.callers} callers, medians.`,
  ].join('\n');
}
