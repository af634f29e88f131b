import { drawPanel, PANEL_WIDTH, panelHeight } from './panel.mjs';

const PANELS = [
  { scene: 'uncontended', field: 'rate', heading: 'One caller, nobody else', unit: 'locks per second', better: 'more' },
  {
    scene: 'distinct-keys',
    field: 'rate',
    heading: '256 callers, each its own key',
    unit: 'locks per second',
    better: 'more',
  },
  {
    scene: 'hot-key-4',
    field: 'rate',
    heading: '4 processes × 50 callers, one key',
    unit: 'locks per second',
    better: 'more',
  },
  {
    scene: 'hot-key-4',
    field: 'p99',
    heading: 'The same: how long callers wait',
    unit: 'ms at the 99th percentile',
    better: 'less',
  },
  {
    scene: 'hot-key-4',
    field: 'callerFairness',
    heading: 'The same: how evenly they are served',
    unit: 'Jain’s index, 1 = all alike',
    better: 'more',
    most: 1,
  },
  {
    scene: 'hot-key-4',
    field: 'commands',
    heading: 'The same: what Redis has to do',
    unit: 'commands per lock',
    better: 'less',
  },
  {
    scene: 'hand-over',
    field: 'p50',
    heading: 'From one process to another',
    unit: 'ms from release to the next holder',
    better: 'less',
  },
  {
    scene: 'crowd-one-key',
    field: 'rate',
    heading: '10,000 waiters on one key',
    unit: 'locks per second',
    better: 'more',
  },
];

const COLUMNS = 2;
const MARGIN = 24;
const GAP = 28;

const STYLE = `
  text { font: 12px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328; }
  .card { fill: #ffffff; stroke: #d1d9e0; }
  .heading { font-weight: 600; font-size: 14px; }
  .note, .tick { fill: #59636e; font-size: 11px; }
  .tick { text-anchor: middle; }
  .name { text-anchor: end; }
  .strong { font-weight: 600; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  .mark { fill: #8c959f; }
  .ours { fill: #0969da; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .card { fill: #0d1117; stroke: #3d444d; }
    .note, .tick { fill: #9198a1; }
    .grid { stroke: #3d444d; }
    .mark { fill: #6e7681; }
    .ours { fill: #4493f8; }
  }`;

/** A card of its own colour: a page need not be as light or dark as the reader's system. */
export function drawPicture({ about, eager }) {
  const drawn = PANELS.flatMap((panel) => {
    const scene = eager.find(({ name }) => name === panel.scene);
    return scene ? [{ panel, scene }] : [];
  });
  const height = panelHeight(Math.max(0, ...drawn.map(({ scene }) => scene.rows.length)));
  const width = 2 * MARGIN + COLUMNS * PANEL_WIDTH + (COLUMNS - 1) * GAP;
  const bottom = MARGIN + Math.ceil(drawn.length / COLUMNS) * (height + GAP);
  const panels = drawn.map(({ panel, scene }, index) => {
    const x = MARGIN + (index % COLUMNS) * (PANEL_WIDTH + GAP);
    const y = MARGIN + Math.floor(index / COLUMNS) * (height + GAP);
    return `<g transform="translate(${x} ${y})">\n${drawPanel(panel, scene)}\n</g>`;
  });
  const footer = `Medians of ${about.rounds} rounds in turns; Redis ${about.redis}, Node ${about.node}, ioredis ${about.versions.ioredis}, ${about.cores} cores, one machine.`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + MARGIN}" width="${width}" height="${bottom + MARGIN}" role="img">`,
    '<title>Locks on Redis compared</title>',
    `<style>${STYLE}\n</style>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${bottom + MARGIN - 1}" rx="8" class="card"/>`,
    ...panels,
    `<text x="${MARGIN}" y="${bottom}" class="note">${footer}</text>`,
    '</svg>\n',
  ].join('\n');
}
