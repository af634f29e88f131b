const MOST = 5;

const ofSection = ({ id, token, renew, ttl, begin, heldUntil, isHeldAtBegin, calledAt, keys, plan, end }) =>
  JSON.stringify({ id, keys, plan, token, ttl, renew, calledAt, begin, heldUntil, isHeldAtBegin, end });

/** The first findings of each kind in full, for whoever has to understand them, with the faults around. */
export function explain({ overlaps, tokenDisorder, goneEarly, refusedWhileHeld }, { longestFree, left }, history) {
  const kinds = { overlaps, tokenDisorder, goneEarly, refusedWhileHeld };
  const lines = Object.entries(kinds).flatMap(([kind, findings]) =>
    findings
      .slice(0, MOST)
      .flatMap(({ key, first, second, what, ms }) => [
        `${kind}${key === undefined ? '' : ` of ${key}`}: ${what ?? `${ms.toFixed(1)} ms`}`,
        `  ${ofSection(first)}`,
        ...(second === undefined ? [] : [`  ${ofSection(second)}`]),
        ...around(first, history).map((text) => `  ${text}`),
      ]),
  );
  return [
    ...lines,
    ...history.troubles.slice(0, MOST),
    ...ofWait(history.waits),
    ...ofFree(longestFree, history),
    ...ofLeft(left),
  ];
}

const NOTEWORTHY_MS = 100;

const ofWait = ({ beyond, plan }) =>
  beyond < NOTEWORTHY_MS ? [] : [`longest wait, ${beyond.toFixed(0)} ms beyond: ${JSON.stringify(plan)}`];

const ofLeft = ({ orphans, queues, endless }) =>
  Object.entries({ orphans, queues, endless }).flatMap(([kind, keys]) =>
    keys.slice(0, MOST).map((key) => `${kind}: ${key}`),
  );

/** The want, and who held the lock before and after. */
function ofFree({ ms, from, to, want }, history) {
  if (ms < NOTEWORTHY_MS) return [];
  return [
    `longest free, ${ms.toFixed(0)} ms: ${JSON.stringify({ from, to, want })}`,
    ...around({ id: want.key, keys: [want.key], begin: from, heldUntil: to, worker: want.worker }, history).map(
      (text) => `  ${text}`,
    ),
  ];
}

const NEAR_MS = 2_000;
const NEXT_TO_MS = 100;

function around({ id, keys, begin, heldUntil, worker }, { sections, losses, outages, pauses }) {
  const isWithin = (ms) => (other) => other.from < heldUntil + ms && other.to > begin - ms;
  const isNear = isWithin(NEAR_MS);
  const neighbours = [...sections.values()].filter(
    (other) => other.id !== id && other.keys.some((key) => keys.includes(key)),
  );
  const own = (pauses.get(worker) ?? []).map(([from, to]) => ({ from, to }));
  return [
    ...neighbours
      .filter((other) => isWithin(NEXT_TO_MS)({ from: other.begin, to: other.heldUntil }))
      .map((other) => `neighbour ${ofSection(other)}`),
    ...losses.filter(isNear).map((loss) => `loss ${JSON.stringify(loss)}`),
    ...outages.filter(isNear).map((outage) => `outage ${JSON.stringify(outage)}`),
    ...own.filter(isNear).map((pause) => `pause of ${worker} ${JSON.stringify(pause)}`),
  ];
}
