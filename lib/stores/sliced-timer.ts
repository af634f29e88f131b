const SLICES = 10;

/**
 * A timer for what takes several turns of the event loop, as the handshake of a connection does. It rings after `ms` milliseconds, and later where the event loop
 * stood still meanwhile: however long that was, it uses up one slice only. Returns what stops it.
 */
export function startTimerInSlices(ms: number, callback: () => void): () => void {
  let left = SLICES;
  let timer: NodeJS.Timeout;
  const next = (): void => {
    timer = setTimeout(() => {
      left -= 1;
      if (left === 0) callback();
      else next();
    }, ms / SLICES);
  };
  next();
  return () => clearTimeout(timer);
}
