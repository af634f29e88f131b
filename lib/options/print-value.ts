const MAX_LENGTH = 60;

/**
 * Prints a value for an error message: short, on one line, and without the credentials of a URL. It cuts the value before it looks at it, because clients
 * send values of any length.
 */
export function printValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(printText(value));
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value ? `${value}n` : 'a long bigint';
  return String(value);
}

/** Whether every surrogate of the text has its other half: half a pair has no bytes of its own in UTF-8. */
export function isWellFormed(text: string): boolean {
  // Node 20 has the method, and TypeScript knows it from ES2024 on.
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed();
}

function printText(text: string): string {
  if (text.length <= MAX_LENGTH) return withoutCredentials(text, text.lastIndexOf('@'));
  const start = text.slice(0, MAX_LENGTH);
  // The cut may have taken the end of the credentials away, so that all of the rest is hidden.
  return `${withoutCredentials(start, start.length)}…`;
}

/** Hides what stands between `//` and `end`. */
function withoutCredentials(text: string, end: number): string {
  const begin = text.indexOf('//');
  return begin < 0 || end < begin ? text : `${text.slice(0, begin)}//***${text.slice(end)}`;
}
