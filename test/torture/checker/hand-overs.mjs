/** How often the lock went straight to somebody who had been waiting for it: within a process, and from one process to another. */
export function countHandOvers(sections) {
  const inOrder = sections.filter(({ isHeldAtBegin }) => isHeldAtBegin).sort((one, other) => one.begin - other.begin);
  const counts = { within: 0, between: 0 };
  for (let index = 1; index < inOrder.length; index += 1) {
    const [before, after] = [inOrder[index - 1], inOrder[index]];
    if (after.worker === 'outside' || after.calledAt >= before.heldUntil) continue;
    counts[after.worker === before.worker ? 'within' : 'between'] += 1;
  }
  return counts;
}
