/** One deliberate mistake in the engine: a text that stands in a file of `lib/engine` exactly once, and what takes its place. */
export interface Mutation {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** In how many worlds it is looked for at least, where it shows in few. */
  readonly worlds?: number;
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'the deadline counts from the reply, not from the sending',
    file: 'queue/asking.ts',
    find: 'ttl, renew, isPlain, sentAt });',
    replace: 'ttl, renew, isPlain, sentAt: clock.now() });',
  },
  {
    name: 'no allowance for the drift of clocks',
    file: 'lease/confirmations.ts',
    find: 'return sentAt + ttl - ttl * DRIFT_FACTOR - DRIFT_FIXED_MS;',
    replace: 'return sentAt + ttl + 0 * (DRIFT_FACTOR + DRIFT_FIXED_MS);',
  },
  {
    name: 'isHeld does not look at the deadline',
    file: 'lease/lease.ts',
    find: "if (this.#state === 'held' && now >= this.validUntil) this.#expire();",
    replace: '',
  },
  {
    name: 'renewal goes on after the release',
    file: 'lease/lease.ts',
    find: "    this.#leave('ended');\n    const heldFor",
    replace: '    const heldFor',
  },
  {
    name: 'a renewal that finds another owner is ignored',
    file: 'lease/lease.ts',
    find: "if (outcome === 'expired' || outcome === 'stolen') return this.lose(outcome);",
    replace: "if (outcome === 'expired') return this.lose(outcome);\n    if (outcome === 'stolen') return;",
  },
  {
    name: 'a shorter lease counts only when it is confirmed',
    file: 'lease/confirmations.ts',
    find: 'this.#validUntil = Math.min(this.#validUntil, validity(sentAt, ttl));',
    replace: '',
  },
  {
    name: 'an unknown outcome is not swept',
    file: 'queue/waiter-queue.ts',
    find: 'if (waiter.isOutcomeUnknown) this.#context.sweeper.sweepAll(waiter.orphans);',
    replace: '',
  },
  {
    name: 'what comes for a caller that has gone is not swept',
    file: 'queue/asking.ts',
    find: "if (head.state !== 'waiting') {\n      this.#context.sweeper.sweepAll(head.orphans);",
    replace: "if (head.state !== 'waiting') {",
  },
  {
    name: 'a wake-up that overtakes a reply is ignored',
    file: 'queue/cohort.ts',
    find: "else if (phase.name === 'asking' || phase.name === 'relaying') phase.wasWoken = true;",
    replace: '',
  },
  {
    name: 'a lock that was passed on counts as kept',
    file: 'queue/relaying.ts',
    find: "if (status === 'kept') this.#owner.onKept(this);",
    replace: "if (status === 'kept' || status === 'passed') this.#owner.onKept(this);",
  },
  {
    name: 'a reply that took longer than the lease lasts lets the caller in',
    file: 'queue/asking.ts',
    find: 'if (now >= validity(this.sentAt, head.request.terms.ttl))',
    replace: 'if (now >= validity(this.sentAt, head.request.terms.ttl) * 2)',
  },
  {
    name: 'an abort does not take the caller out of the queue',
    file: 'queue/waiter.ts',
    find: "signal.addEventListener('abort', listener, { once: true });",
    replace: '',
  },
  {
    name: 'nobody leaves the queue',
    file: 'queue/cohort.ts',
    find: 'if (this.#isQueued) this.#context.giveBacks.leave(this.key);',
    replace: '',
  },
  {
    name: 'a fencing token is given out twice',
    file: 'queue/tenure.ts',
    find: 'this.#nextToken += 1;\n    return this.#nextToken - 1;',
    replace: 'return this.#nextToken;',
  },
  {
    name: 'a relay reserves fewer fencing tokens than are given out',
    file: 'queue/tenure.ts',
    find: 'store.relay({ key, value, ttl, tokens, mode, ahead })',
    replace: 'store.relay({ key, value, ttl, tokens: 1, mode, ahead })',
  },
  {
    name: 'the fences of several keys are not raised',
    file: 'several-keys.ts',
    find: 'fencingToken < token',
    replace: 'fencingToken < 0 * token',
  },
  {
    name: 'of several keys whose outcome is unknown only the first is swept',
    file: 'queue/waiter.ts',
    find: 'return (companions?.keys ?? [key]).map(',
    replace: 'return [companions?.keys[0] ?? key].map(',
  },
  {
    name: 'the deadline of several keys counts from the reply',
    file: 'several-keys.ts',
    find: '{ ...orphan, renew, isPlain: false, sentAt }',
    replace: '{ ...orphan, renew, isPlain: false, sentAt: clock.now() + 0 * sentAt }',
  },
  {
    name: 'what may come yet of several keys that are over is not looked for again',
    file: 'several-keys.ts',
    find: 'if (orphan?.mayComeYet === true) context.sweeper.revisit(orphan);',
    replace: 'void [orphan, context];',
  },
  {
    name: 'the value of the wrong caller is swept',
    file: 'queue/waiter-queue.ts',
    find: 'this.#context.sweeper.sweepAll(waiter.orphans);',
    replace: 'this.#context.sweeper.sweepAll((this.first ?? waiter).orphans);',
  },
  {
    name: 'a sweep that fails is not repeated',
    file: 'lease/orphan-sweeper.ts',
    find: 'if (!asStoreFailure(error).transient || this.#clock.now() >= giveUpAt) return;',
    replace: 'if (asStoreFailure(error).message !== String(giveUpAt)) return;',
  },
  {
    name: 'patience is not watched',
    file: 'queue/waiter-queue.ts',
    find: 'this.dismiss(waiter, this.errorFor(waiter));\n  }\n\n  onAbort',
    replace: 'void waiter;\n  }\n\n  onAbort',
  },
  {
    name: 'a rest has no cap: a lost wake-up costs the rest of a lease',
    file: 'queue/backoff.ts',
    find: 'Math.min(this.afterExpiry(remaining), this.#longest())',
    replace: 'this.afterExpiry(remaining)',
  },
  {
    name: 'who has passed the lock on waits until it is woken',
    file: 'queue/cohort.ts',
    find: "this.#restWhileBusy({ status: 'busy', remaining: Infinity, wakes: true }, relaying);",
    replace: 'this.#rest(30_000);',
  },
  {
    name: 'a key is never left free for programs that are in no queue',
    file: 'queue/relaying.ts',
    find: "this.tenure.ask(this.#opening.isDue ? 'open' : 'free')",
    replace: "this.tenure.ask('free')",
  },
  {
    name: 'a quantum does not end',
    file: 'queue/quantum.ts',
    find: 'if (this.#left === 0 || now >= this.#endsAt) return false;',
    replace: '',
  },
  {
    name: 'a relay looks for who is there, not for who comes soon',
    file: 'queue/tenure.ts',
    find: 'const ahead = Math.ceil(Math.max(quantum.ms, sentAt - this.#askedAt));',
    replace: 'const ahead = 0;',
  },
  {
    name: 'a process that polls does not say when it comes again',
    file: 'queue/asking.ts',
    find: 'queues && !wakeUps.arrive ? owner.backoff.pollFor((obstacle.until ?? Infinity) - this.sentAt) : undefined;',
    replace: 'undefined;',
  },
  {
    name: 'a process whose inbox has closed still counts on being woken',
    file: 'queue/wake-ups.ts',
    find: "this.#change(refusal === undefined ? 'opening' : 'refused');",
    replace: "if (refusal !== undefined) this.#change('refused');",
  },
  {
    name: 'an inbox that is closed for a while counts as refused',
    file: 'queue/wake-ups.ts',
    find: 'if (refusal !== undefined) this.#init.onRefused(refusal);',
    replace: "this.#init.onRefused(refusal ?? new Error('closed'));",
  },
  {
    name: 'what failed for good counts as not done',
    file: 'queue/asking.ts',
    find: "if (failure.applied === 'unknown') this.#expectLate();",
    replace: "if (failure.applied === 'unknown' && failure.transient) this.#expectLate();",
  },
  {
    name: 'a shut-down does not wait for releases',
    file: 'lock-engine.ts',
    find: 'await this.#giveBacks.settled();',
    replace: '',
  },
  {
    name: 'a shut-down does not wait for those who leave queues',
    file: 'lease/give-backs.ts',
    find: 'this.#underWay += 1;\n    const end = (): void => this.#end();',
    replace: 'const end = (): void => undefined;',
  },
  {
    name: 'a shorter lease that is under way is forgotten when a longer one is confirmed',
    file: 'lease/confirmations.ts',
    find: 'Math.min(least, validity(Math.max(sentAt, other.sentAt), other.ttl))',
    replace: 'least + 0 * other.ttl',
  },
  {
    name: 'what was sent twice has come, also if it was executed once',
    file: 'lease/lease.ts',
    find: "if (outcome !== 'resent') confirmations.settle(renewal);",
    replace: 'confirmations.settle(renewal);',
  },
  {
    name: 'what was swept and may come yet is not looked for again',
    file: 'lease/orphan-sweeper.ts',
    find: 'if (orphan.mayComeYet) this.revisit(orphan);',
    replace: '',
  },
  {
    name: 'what is over and may come yet is not looked for again',
    file: 'queue/cohort.ts',
    find: 'if (orphan.mayComeYet) this.#context.sweeper.revisit(orphan);',
    replace: '',
  },
  {
    name: 'a command that was sent again does not come once more',
    file: 'queue/asking.ts',
    find: 'if (outcome.isResent === true) this.#expectLate();',
    replace: '',
  },
  {
    name: 'a deadline does not wait for the reply that lies there to be read',
    file: 'time/deadline.ts',
    find: '() => clock.afterReads(giveUp)',
    replace: 'giveUp',
    worlds: 4_000,
  },
  {
    name: 'whose time ends between two holders of its own process is told that Redis is broken',
    file: 'queue/waiter-queue.ts',
    find: "waiter.errorFor(wasBusy ? { kind: 'busy', until: undefined } : this.#obstacle, this.#typicalHold)",
    replace: 'waiter.errorFor(this.#obstacle, wasBusy ? this.#typicalHold : undefined)',
    worlds: 8_000,
  },
  {
    name: 'a caller is let in that has not asked',
    file: 'queue/cohort.ts',
    find: 'this.#grant(asking.head, tenure, asking.sentAt);',
    replace: 'this.#grant(asking.head.next ?? asking.head, tenure, asking.sentAt);',
  },
  {
    name: 'a caller has another value for each try',
    file: 'queue/waiter.ts',
    find: 'return (this.#value ??= this.context.newValue(this.request.terms.metadata));',
    replace: 'return this.context.newValue(this.request.terms.metadata);',
  },
  {
    name: 'more callers are let in than fencing tokens are reserved',
    file: 'queue/tenure.ts',
    find: 'this.#tokensLeft > 0 && lease',
    replace: 'lease',
  },
  {
    name: 'a lease that serves nobody is given back twice',
    file: 'queue/cohort.ts',
    find: 'return this.#context.giveBacks.start(tenure.lease, 0);',
    replace: 'return [0, 0].forEach((keepUntil) => this.#context.giveBacks.start(tenure.lease, keepUntil));',
  },
];
