/** The real function, taken before a test's fake timers replace it. */
const afterPoll = setImmediate;

/**
 * Calls back when the event loop has looked at all sockets once since now. What lay in them has been read then, even if this process stood still.
 * It takes two turns, because the first may end without a look.
 */
export function whenSocketsAreRead(callback: () => void): void {
  afterPoll(() => afterPoll(callback));
}
