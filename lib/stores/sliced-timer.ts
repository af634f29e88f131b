const SLICES = 10;

/**
 * A timer for work that takes several turns of the event loop, as the handshake of a connection does. It rings after `ms` milliseconds, or later if the event
 * loop stood still meanwhile: that uses up one slice only, however long it was. The returned function stops the timer.
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
