export function median(values) {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** `sorted` ascending; `share` from 0 to 1. */
export const percentile = (sorted, share) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];

export const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Jain's fairness index: 1 when all got the same, 1/n when one got everything. Undefined when nobody got anything. */
export function fairness(shares) {
  const squares = sum(shares.map((share) => share * share));
  return squares === 0 ? undefined : sum(shares) ** 2 / (shares.length * squares);
}
