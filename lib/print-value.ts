const MAX_LENGTH = 60;

/** A value for an error message: short, on one line, and without the credentials of a URL. */
export function printValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shorten(value.replace(/\/\/.*@/u, '//***@')));
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'bigint' ? `${value}n` : String(value);
}

/** Whether every surrogate has its other half: half a pair has no bytes of its own in UTF-8. */
export function isWellFormed(text: string): boolean {
  // In Node 20, but in no TypeScript library before ES2024.
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed();
}

function shorten(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}
