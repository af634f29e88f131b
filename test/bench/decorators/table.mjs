const OURS = 'nestjs-redis-lock';

const row = (cells) => `| ${cells.join(' | ')} |`;

/** For the README: a check in each row, a library in each column. */
export function toMarkdown({ about, rows }) {
  const libraries = Object.keys(about.libraries);
  const others = Object.entries(about.libraries).filter(([name]) => name !== OURS);
  const versions = [...others, ['NestJS', about.nest['@nestjs/core']], ['Redis', about.redis], ['Node', about.node]];
  return [
    row(['', ...libraries]),
    `|${'---|'.repeat(libraries.length + 1)}`,
    ...rows.map(({ title, cells }) => row([title, ...libraries.map((name) => cells[name])])),
    '',
    `${versions.map((version) => version.join(' ')).join(', ')}.`,
  ].join('\n');
}
