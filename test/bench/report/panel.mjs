import { digits, fraction } from './format.mjs';
import { scaleFor } from './scale.mjs';

const LABEL = 166;
const PLOT = 184;
const ROW = 21;
const TOP = 50;
const BOTTOM = 26;

export const PANEL_WIDTH = 420;
export const panelHeight = (rows) => TOP + rows * ROW + BOTTOM;

const text = (x, y, content, classes = '') => `<text x="${x.toFixed(1)}" y="${y}" class="${classes}">${content}</text>`;
const round = (value) => value.toFixed(1);

function tick(value, x, height, isLog) {
  const line = `<line x1="${round(LABEL + x)}" x2="${round(LABEL + x)}" y1="${TOP - 4}" y2="${height - BOTTOM}" class="grid"/>`;
  return isLog ? `${line}${text(LABEL + x, height - BOTTOM + 13, digits(value), 'tick')}` : line;
}

/** Length means something from zero only, so a logarithmic scale has dots. */
function mark({ contestant }, x, y, isLog) {
  const classes = contestant === 'ours' ? 'mark ours' : 'mark';
  if (isLog) return `<circle cx="${round(LABEL + x)}" cy="${y}" r="5" class="${classes}"/>`;
  return `<rect x="${LABEL}" y="${y - 6}" width="${round(Math.max(1, x))}" height="12" rx="2" class="${classes}"/>`;
}

/** One figure of one scene: a line for each contestant. */
export function drawPanel({ heading, field, unit, better, most }, { rows }) {
  const height = panelHeight(rows.length);
  const values = rows.map((row) => row[field]).filter(Number.isFinite);
  if (values.length === 0) return '';
  const { isLog, ticks, place } = scaleFor(values, PLOT, most);
  const lines = rows.map((row, index) => {
    const y = TOP + index * ROW + ROW / 2;
    const value = row[field];
    const name = text(LABEL - 8, y + 4, row.label, row.contestant === 'ours' ? 'name strong' : 'name');
    if (!Number.isFinite(value)) return name + text(LABEL + 8, y + 4, 'no result', 'value');
    const x = place(value);
    const label = `${row.atLeast?.includes(field) ? '&gt; ' : ''}${most === 1 ? fraction(value) : digits(value)}`;
    return (
      name +
      mark(row, x, y, isLog) +
      text(LABEL + x + 10, y + 4, label, row.contestant === 'ours' ? 'value strong' : 'value')
    );
  });
  return [
    text(0, 16, heading, 'heading'),
    text(0, 34, `${unit}, ${better} is better${isLog ? '; logarithmic' : ''}`, 'note'),
    ...ticks.map((value) => tick(value, place(value), height, isLog)),
    ...lines,
  ].join('\n');
}
