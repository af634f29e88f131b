/** One deliberate mistake in the engine: a text that stands in a file of `lib/engine` exactly once, and what takes its place. */
export interface Mutation {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'the deadline counts from the reply, not from the sending',
    file: 'cohort.ts',
    find: 'ttl, renew, isPlain, sentAt });',
    replace: 'ttl, renew, isPlain, sentAt: clock.now() });',
  },
  {
    name: 'no allowance for the drift of clocks',
    file: 'lease.ts',
    find: 'return sentAt + ttl - ttl * DRIFT_FACTOR - DRIFT_FIXED_MS;',
    replace: 'return sentAt + ttl + 0 * (DRIFT_FACTOR + DRIFT_FIXED_MS);',
  },
  {
    name: 'isHeld does not look at the deadline',
    file: 'lease.ts',
    find: "if (this.#state === 'held' && this.#clock.now() >= this.#validUntil) this.#expire();",
    replace: '',
  },
  {
    name: 'renewal goes on after the release',
    file: 'lease.ts',
    find: "    this.#leave('ended');\n    const heldFor",
    replace: '    const heldFor',
  },
  {
    name: 'a renewal that finds another owner is ignored',
    file: 'lease.ts',
    find: "if (outcome === 'expired' || outcome === 'stolen') return this.lose(outcome);",
    replace: "if (outcome === 'expired') return this.lose(outcome);\n    if (outcome === 'stolen') return;",
  },
  {
    name: 'a shorter lease counts only when it is confirmed',
    file: 'lease.ts',
    find: 'if (shortens) this.#validUntil = Math.min(this.#validUntil, validity(sent.sentAt, sent.ttl));',
    replace: '',
  },
  {
    name: 'an unknown outcome is not swept',
    file: 'cohort.ts',
    find: 'if (waiter.isOutcomeUnknown) this.#sweep(waiter);',
    replace: '',
  },
  {
    name: 'what comes for a caller that has gone is not swept',
    file: 'cohort.ts',
    find: "if (head.state !== 'waiting') {\n      this.#sweep(head);",
    replace: "if (head.state !== 'waiting') {",
  },
  {
    name: 'a wake-up that overtakes a reply is ignored',
    file: 'cohort.ts',
    find: "else if (this.#state === 'asking') this.#wasWoken = true;",
    replace: '',
  },
  {
    name: 'a lock that was passed on counts as kept',
    file: 'cohort.ts',
    find: "if (status === 'kept') this.#onKept(tenure);",
    replace: "if (status === 'kept' || status === 'passed') this.#onKept(tenure);",
  },
  {
    name: 'a reply that took longer than the lease lasts lets the caller in',
    file: 'cohort.ts',
    find: 'if (clock.now() >= validity(sentAt, ttl))',
    replace: 'if (clock.now() >= validity(sentAt, ttl) * 2)',
  },
  {
    name: 'an abort does not take the caller out of the queue',
    file: 'waiter.ts',
    find: "signal.addEventListener('abort', listener, { once: true });",
    replace: '',
  },
  {
    name: 'nobody leaves the queue',
    file: 'cohort.ts',
    find: 'if (this.#isQueued) giveBacks.leave(this.key);',
    replace: '',
  },
  {
    name: 'a fencing token is given out twice',
    file: 'tenure.ts',
    find: 'this.#nextToken += 1;\n    return this.#nextToken - 1;',
    replace: 'return this.#nextToken;',
  },
  {
    name: 'a relay reserves fewer fencing tokens than are given out',
    file: 'tenure.ts',
    find: 'store.relay({ key, value, ttl, tokens, mode, ahead })',
    replace: 'store.relay({ key, value, ttl, tokens: 1, mode, ahead })',
  },
  {
    name: 'the fences of several keys are not raised',
    file: 'lock-engine.ts',
    find: 'fencingToken < token',
    replace: 'fencingToken < 0 * token',
  },
  {
    name: 'the value of the wrong caller is swept',
    file: 'cohort.ts',
    find: "if (head.state !== 'waiting') {\n      this.#sweep(head);",
    replace: "if (head.state !== 'waiting') {\n      this.#sweep(this.#waiters.first ?? head);",
  },
  {
    name: 'a sweep that fails is not repeated',
    file: 'sweeper.ts',
    find: 'if (!asStoreFailure(error).transient || this.#clock.now() >= giveUpAt) return;',
    replace: 'if (asStoreFailure(error).message !== String(giveUpAt)) return;',
  },
  {
    name: 'patience is not watched',
    file: 'cohort.ts',
    find: 'this.#dismiss(waiter, this.#waiters.errorFor(waiter, this.lease));\n  }\n\n  onAbort',
    replace: 'void waiter;\n  }\n\n  onAbort',
  },
];
