import { isLossExcused } from './excuses.mjs';

const BY_REDIS = ['expired', 'stolen'];

/** Leases that Redis did not have any more although they were not over and nobody had taken them away. */
export function findGoneEarly(sections, history) {
  return sections.flatMap((section) => {
    const at = section.end && goneAt(section.end);
    return at === undefined || isLossExcused(section, at, history)
      ? []
      : [{ first: section, what: `gone ${(section.end.validUntil - at).toFixed(1)} ms before its deadline` }];
  });
}

/** When the holder was told by Redis, before its own deadline, that it holds nothing. */
function goneAt({ lost, validUntil, isHeldAtEnd, outcome, settledAt }) {
  if (lost !== undefined && BY_REDIS.includes(lost.reason) && lost.at < validUntil) return lost.at;
  if (isHeldAtEnd && BY_REDIS.includes(outcome) && settledAt < validUntil) return settledAt;
  return undefined;
}
