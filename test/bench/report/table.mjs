import { sum } from '../statistics.mjs';
import { digits, fraction, ratio } from './format.mjs';

const COLUMNS = [
  ['total ms', 'total', digits],
  ['locks/s', 'rate', digits],
  ['best other library = 1', 'times', ratio],
  ['commands per lock', 'commands', digits],
  ['wait p50 ms', 'p50', digits],
  ['p99 ms', 'p99', digits],
  ['max ms', 'max', digits],
  ['fairness, callers', 'callerFairness', fraction],
  ['fairness, processes', 'processFairness', fraction],
  ['client CPU µs per lock', 'cpu', digits],
  ['server CPU µs per lock', 'serverCpu', digits],
  ['commands/s while all wait', 'idleCommands', digits],
  ['cores while all wait', 'idleCpu', fraction],
  ['heap bytes per waiter', 'heap', digits],
  ['poll ms', 'poll', digits],
];

const cell = (row, field, format) => `${row.atLeast?.includes(field) ? '> ' : ''}${format(row[field])}`;

/** What went wrong, in few words; all of it stands in the JSON. */
function trouble({ rounds, errors, failures = {}, unserved = 0, locks }) {
  const failed = sum(Object.values(failures));
  const [[text] = []] = Object.entries(failures).sort(([, a], [, b]) => b - a);
  const parts = [];
  if (failed > 0) parts.push(`${failed} of ${failed + locks} failed: ${text.slice(0, 50)}`);
  if (unserved > 0) parts.push(`${unserved} never served`);
  if (errors.length > 0) parts.push(errors[0]);
  return parts.join('; ') || (rounds === 0 ? 'not run' : '');
}

/** One scene, with the columns that it fills. */
function sceneTable({ title, rows }) {
  const columns = COLUMNS.filter(([, field]) => rows.some((row) => row[field] !== undefined));
  const failing = rows.some((row) => trouble(row) !== '');
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    `### ${title}`,
    '',
    line(['', ...columns.map(([heading]) => heading), ...(failing ? ['failures'] : [])]),
    line(['---', ...columns.map(() => '---:'), ...(failing ? ['---'] : [])]),
    ...rows.map((row) =>
      line([
        row.label,
        ...columns.map(([, field, format]) => cell(row, field, format)),
        ...(failing ? [trouble(row)] : []),
      ]),
    ),
  ].join('\n');
}

export function toMarkdown({ about, eager, defaults }) {
  const versions = Object.entries(about.versions).map(([name, version]) => `${name} ${version}`);
  const parts = [
    '## Each waits as eagerly as serves it best',
    `${versions.join(', ')}; Redis ${about.redis}, Node ${about.node}, ${about.cores} cores; ${about.rounds} rounds in turns, medians; max is the worst of all.`,
    ...eager.map(sceneTable),
  ];
  if (defaults.length > 0) parts.push('## Each waits as it does by default', ...defaults.map(sceneTable));
  return parts.join('\n\n');
}
