import { LockClosedError } from '../../errors/lock-closed.error.js';
import type { Lease, Leases } from '../lease/lease.js';
import type { BusyOutcome, ElsewhereOutcome, RelayOutcome, StoreFailure } from '../lock-store.interface.js';
import { Asking, type AskingOwner } from './asking.js';
import { Backoff, type Asked } from './backoff.js';
import type { CohortContext } from './cohort-context.interface.js';
import { IDLE, tenureOf, tenureWith, type Phase } from './cohort-phase.js';
import { refusalFor } from './join-refusal.js';
import { Opening, OPENING_MS } from './opening.js';
import { Relaying, type RelayingOwner } from './relaying.js';
import type { Tenure } from './tenure.js';
import { failing, NO_OBSTACLE } from './obstacle.js';
import { Waiter, type Companions, type WaitRequest } from './waiter.js';
import { WaiterQueue, type QueueOwner } from './waiter-queue.js';
import type { Sleeper } from './wake-ups.js';

/**
 * All callers of this process that want one key. They stand in a FIFO; only its head contends in Redis, so a crowd costs what one caller costs,
 * and the lease passes from caller to caller without a command.
 *
 * Source: D. Dice, V. Marathe, N. Shavit, "Lock Cohorting", PPoPP 2012.
 */
export class Cohort implements AskingOwner, RelayingOwner, QueueOwner, Sleeper {
  readonly #context: CohortContext;
  readonly #waiters: WaiterQueue;
  #phase: Phase = IDLE;
  /** Of the tries since this process had the key last. */
  #backoff: Backoff | undefined;
  #opening: Opening | undefined;
  /** Whether this process stands in the queue in Redis. */
  #isQueued = false;

  constructor(
    readonly key: string,
    context: CohortContext,
  ) {
    this.#context = context;
    this.#waiters = new WaiterQueue(this, context);
  }

  /** What this process holds of the key. */
  get lease(): Lease | undefined {
    return tenureOf(this.#phase)?.lease;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  get backoff(): Backoff {
    return (this.#backoff ??= new Backoff(this.#context.random));
  }

  /** Queues for the key; `hold` makes what the caller gets of the lease and its fencing token. */
  join<T>(request: WaitRequest, hold: (leases: Leases, fencingToken: number) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const grant = (leases: Leases, fencingToken: number): void => resolve(hold(leases, fencingToken));
      const waiter = new Waiter(request, this.#context, grant, reject);
      const isFirst = this.#phase.name === 'idle';
      const refusal = refusalFor(waiter, this.#phase, this.#waiters);
      if (refusal !== undefined) {
        waiter.refuse(refusal.reason);
        return isFirst ? this.#context.onIdle(this.key) : undefined;
      }
      this.#waiters.add(waiter);
      if (isFirst) this.#contend(waiter);
      // After the command was sent: time that passes on the wire anyway.
      waiter.watch(this.#waiters, isFirst, this.#waiters.obstacle);
    });
  }

  wake(): void {
    const phase = this.#phase;
    if (phase.name === 'resting') this.goOn();
    else if (phase.name === 'asking' || phase.name === 'relaying') phase.wasWoken = true;
  }

  /** From caller to caller without a command, as long as the quantum lasts; then Redis is asked whether another process waits. */
  onReturn(lease: Lease, now: number): boolean {
    const next = this.#waiters.first;
    if (next === undefined) return false;
    const tenure = tenureWith(lease, this.#phase);
    this.#waiters.holdEnds(now);
    if (!tenure.suits(next)) return false;
    const opening = (this.#opening ??= new Opening(this.#context.clock));
    if (!tenure.takeHandOver(now)) {
      this.#relay(tenure, opening);
      return true;
    }
    this.#grant(next, tenure, now);
    tenure.askAhead(opening);
    return true;
  }

  onOver(lease: Lease): void {
    this.#forget(tenureWith(lease, this.#phase));
    this.goOn();
  }

  onAnswer(isQueued: boolean): void {
    this.#isQueued = isQueued;
  }

  onAcquired(asking: Asking, fencingToken: number, now: number): void {
    this.#backoff = undefined;
    if (asking.head.request.companions !== undefined)
      return this.#letSetIn(asking, asking.head.request.companions, fencingToken);
    this.#waiters.meet(NO_OBSTACLE);
    const tenure = asking.tenure(fencingToken, now);
    this.#enter({ name: 'held', tenure });
    this.#grant(asking.head, tenure, asking.sentAt);
    this.#waiters.dismissFor('single tries');
  }

  onBusy(asking: Asking, outcome: BusyOutcome): void {
    this.#waiters.meet({ kind: 'busy', until: this.#context.clock.now() + outcome.remaining });
    this.#waiters.dismissFor('single tries');
    this.#restWhileBusy(outcome, asking);
  }

  /** The turn is of no use to the caller, which goes to where the other key is: the next who wants this one has it. */
  onElsewhere({ head }: Asking, outcome: ElsewhereOutcome): void {
    this.#waiters.dismiss(head, head.sendElsewhere(outcome));
    this.#waiters.meet(this.#isQueued ? { kind: 'busy', until: undefined } : NO_OBSTACLE);
    this.goOn();
  }

  onFailure(asking: Asking, failure: StoreFailure): void {
    this.#waiters.meet(failing(failure, asking.sentAt, this.#waiters.obstacle));
    // A failure that will not pass meets all callers that wait, whichever of them asked.
    this.#waiters.dismissFor(failure.transient ? 'single tries' : 'all');
    this.#restWhileBroken(asking);
  }

  onKept(relaying: Relaying): void {
    const { tenure } = relaying;
    // The lease was lost meanwhile, or forced away: what Redis gave serves no caller.
    if (relaying !== this.#phase) return this.#context.sweeper.sweep(tenure.orphan);
    const next = this.#waiters.first;
    if (next === undefined || !tenure.lease.isHeld || !tenure.suits(next))
      return this.#context.giveBacks.start(tenure.lease, 0);
    this.#enter({ name: 'held', tenure });
    this.#grant(next, tenure, this.#context.clock.now());
  }

  onGone(relaying: Relaying, status: Exclude<RelayOutcome['status'], 'kept'>): void {
    if (relaying !== this.#phase) return;
    this.#abandon(relaying.tenure);
    if (status === 'expired' || status === 'stolen') return this.goOn();
    this.#isQueued = relaying.isWakeable;
    this.#waiters.meet({ kind: 'busy', until: undefined });
    if (status === 'opened') return this.#rest(OPENING_MS);
    this.#restWhileBusy({ status: 'busy', remaining: Infinity, wakes: true }, relaying);
  }

  onRelayFailure(relaying: Relaying, failure: StoreFailure): void {
    if (relaying !== this.#phase) return;
    this.#abandon(relaying.tenure);
    this.#waiters.meet(failing(failure, this.#context.clock.now(), this.#waiters.obstacle));
    this.#restWhileBroken(relaying);
  }

  onDeserted(): void {
    if (this.#phase.name === 'resting') this.#retire();
  }

  /** Sends all callers away that wait. */
  close(): void {
    for (const waiter of this.#waiters.toArray()) this.#waiters.dismiss(waiter, new LockClosedError(this.key));
  }

  /** The next waiter asks; without one, the process leaves. */
  goOn(): void {
    const head = this.#waiters.first;
    if (head === undefined) this.#retire();
    else this.#contend(head);
  }

  /** Asks Redis for the key. */
  #contend(head: Waiter): void {
    const asking = new Asking(this.#context, this, head, this.#waiters);
    this.#enter(asking);
    asking.send();
  }

  #grant(waiter: Waiter, tenure: Tenure, now: number): void {
    this.#waiters.holdBegins(now);
    this.#waiters.grant(waiter, [tenure.lease], tenure.takeToken());
  }

  /** A caller of this process has the key among others: here it is as if another process had it. */
  #letSetIn({ head, sentAt }: Asking, companions: Companions, fencingToken: number): void {
    const leases = companions.takeOver(head.orphans, sentAt);
    this.#waiters.meet({ kind: 'busy', until: leases[0].validUntil });
    this.#waiters.grant(head, leases, fencingToken);
    this.#waiters.dismissFor('single tries');
    this.goOn();
  }

  #relay(tenure: Tenure, opening: Opening): void {
    this.#context.wakeUps.open();
    const relaying = new Relaying(this.#context, this, tenure, opening);
    this.#enter(relaying);
    relaying.send();
  }

  #abandon(tenure: Tenure): void {
    tenure.lease.end();
    this.#forget(tenure);
  }

  #forget({ orphan }: Tenure): void {
    this.#waiters.leaseEnds();
    if (orphan.mayComeYet) this.#context.sweeper.revisit(orphan);
  }

  #restWhileBusy(outcome: BusyOutcome, asked: Asked): void {
    const { wakeUps } = this.#context;
    if (this.#waiters.size === 0) return this.#retire();
    // A wake-up may overtake the reply to the command that it belongs to; and a process that can be woken gets into the queue first.
    if (asked.wasWoken || (wakeUps.arrive && !asked.isWakeable)) return this.goOn();
    wakeUps.open();
    this.#rest(this.backoff.whileBusy(outcome, asked));
  }

  #restWhileBroken({ wasWoken }: Asked): void {
    if (wasWoken) return this.goOn();
    this.#rest(this.backoff.whileBroken(this.#waiters.first?.patience ?? Infinity));
  }

  /** Until a wake-up or, at the latest, for so many milliseconds. */
  #rest(ms: number): void {
    if (this.#waiters.size === 0) return this.#retire();
    const timer = this.#context.clock.setTimer(ms, () => this.goOn(), 'process');
    this.#enter({ name: 'resting', timer });
  }

  /** No caller is left. */
  #retire(): void {
    this.#enter(IDLE);
    if (this.#isQueued) this.#context.giveBacks.leave(this.key);
    this.#isQueued = false;
    this.#context.onIdle(this.key);
  }

  #enter(phase: Phase): void {
    if (this.#phase.name === 'resting') this.#context.clock.clearTimer(this.#phase.timer);
    this.#phase = phase;
  }
}
