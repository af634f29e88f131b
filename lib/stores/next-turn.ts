/** Taken before fake timers replace it. */
const afterPoll = setImmediate;

/**
 * Calls back when the event loop has looked at all sockets once since now: what lay in them has been read then, also when this process stood still.
 * Two turns, because the first may end without a look.
 */
export function whenSocketsAreRead(callback: () => void): void {
  afterPoll(() => afterPoll(callback));
}
