import { digits, ratio } from './format.mjs';

const SCENES = [
  'uncontended',
  'uncontended+1ms',
  'distinct-keys',
  'hot-key',
  'hot-key-4',
  'hand-over',
  'waiters-64',
  'crowd-one-key',
  'crowd-own-keys',
];

const beside = (ours, other, field) => {
  const cell = (row) => `${row.atLeast?.includes(field) ? '> ' : ''}${digits(row[field])}`;
  return `${cell(ours)} / ${cell(other)}`;
};

function line({ title, rows }) {
  const ours = rows.find(({ contestant }) => contestant === 'ours');
  const best = rows.find(({ contestant, times }) => contestant !== 'ours' && times === 1);
  return `| ${title} | ${best.label} | ${ratio(ours.times)} | ${beside(ours, best, 'commands')} | ${beside(ours, best, 'p50')} | ${beside(ours, best, 'p99')} |`;
}

/** For the README: ours beside the best other library of each scene, which waits as eagerly as serves it best. */
export function excerpt({ about, eager }) {
  return [
    '| | best other library | times as fast | commands per lock, ours / theirs | wait p50 ms | wait p99 ms |',
    '|---|---|---:|---:|---:|---:|',
    ...SCENES.map((scene) => line(eager.find(({ name }) => name === scene))),
    '',
    `Redis ${about.redis}, Node ${about.node}, ${about.cores} cores, ${about.rounds} rounds in turns, medians.`,
  ].join('\n');
}
