/** Three digits that count, with separators: 12,300, 45.6, 0.0123. */
export function digits(value) {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumSignificantDigits: 3 });
}

export const ratio = (value) => (Number.isFinite(value) ? `${digits(value)} ×` : '–');
export const fraction = (value) => (Number.isFinite(value) ? value.toFixed(2) : '–');
